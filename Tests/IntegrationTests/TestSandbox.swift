import HTTP
import Hashing
import JSON
import POSIX
import SystemPackage
import TestSupport
import Testing

/// A sandbox for one test, started by the built caasctl as this user or as an ordinary one.
final class TestSandbox: Sendable {
    /// The user who runs the sandbox.
    enum Identity: Sendable, CaseIterable {
        case whoeverTests
        /// The user id 65534 where the tests run as root, else this user.
        case ordinary
    }

    /// A variable in the environment of every container of the sandbox, by which a test finds the remaining processes.
    static let mark = "SANDBOX_TEST"
    static let secret = "a-secret-that-nobody-may-see"

    let folder: TemporaryFolder
    let home: FilePath
    private let programs: FilePath
    private let prefix: [String]
    let http = HTTPClient()

    /// Runs `body` with a sandbox, and stops the sandbox even where `body` throws.
    static func run(
        as identity: Identity = .whoeverTests, up options: [String]? = [], _ body: (TestSandbox) async throws -> Void
    ) async throws {
        let sandbox = try await TestSandbox(as: identity)
        if let options { try await sandbox.succeed(["up"] + options) }
        do { try await body(sandbox) } catch {
            _ = try? await sandbox.caasctl("down")
            throw error
        }
        try await sandbox.succeed(["down"])
    }

    private init(as identity: Identity) async throws {
        folder = try TemporaryFolder()
        home = folder("home")
        programs = folder("bin")
        let isOther = identity == .ordinary && CurrentUser.id == 0
        prefix = isOther ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"] : []
        // The other user cannot read root's checkout.
        try FileSystem.makeFolder(programs)
        try FileSystem.makeFolder(home)
        for program in [Checkout.program("caasctl"), Checkout.cache.appending("rclone/bin/rclone").string] {
            try await Command("cp", ["--dereference", program, programs.string]).succeed()
        }
        if isOther { try await Command("chown", ["-R", "65534:65534", folder.path.string]).succeed() }
    }

    var path: FilePath { home.appending("sandbox") }

    /// Runs `caasctl sandbox` with arguments.
    func caasctl(_ arguments: String..., environment: [String: String?] = [:]) async throws -> Command.Outcome {
        try await command(arguments, environment).run()
    }

    @discardableResult
    func succeed(_ arguments: [String]) async throws -> String { try await command(arguments, [:]).succeed() }

    func command(_ arguments: [String], _ changes: [String: String?]) -> Command {
        let words = prefix + [programs.appending("caasctl").string, "sandbox"] + arguments
        var environment: [String: String?] = [
            "CAASCTL_HOME": home.string, "HOME": home.string,
            "PATH": "\(programs):\(ProcessEnvironment.value("PATH") ?? "")", "XDG_RUNTIME_DIR": nil,
        ]
        environment.merge(changes) { $1 }
        return Command(words[0], Array(words.dropFirst()), environment: environment)
    }

    /// Returns the variables of `sandbox env`.
    func environment() async throws -> [String: String] {
        let json = try JSONValue(parsing: try await succeed(["env", "--json"]))
        return (json.object ?? [:]).compactMapValues(\.string)
    }

    /// Pushes an image to the sandbox's registry.
    func push(_ image: TestImage, as name: String) async throws {
        let environment = try await environment()
        try await image.copy(
            to: "\(environment["CAASCTL_REGISTRY"] ?? "")/\(name)", logins: environment["DOCKER_AUTH_CONFIG"] ?? "")
    }

    /// Returns the user and password of the registry's only user.
    func login() async throws -> (user: String, password: String) {
        let environment = try await environment()
        let registry = environment["CAASCTL_REGISTRY"] ?? ""
        let login = try JSONValue(parsing: environment["DOCKER_AUTH_CONFIG"] ?? "").member("auths").member(registry)
        let pair = String(decoding: [UInt8](base64: try login.text("auth")) ?? [], as: UTF8.self)
        let parts = pair.split(separator: ":").map(String.init)
        return (try #require(parts.first), try #require(parts.last))
    }

    /// Returns the process of a server, from `sandbox status`.
    func process(of server: String) async throws -> ProcessIdentity {
        let json = try JSONValue(parsing: try await succeed(["status", "--json"]))
        let row = try #require(json["servers"]?.array?.first { $0["name"]?.string == server })
        return try #require(ProcessIdentity(pid: Int32(try row.whole("pid"))))
    }

    /// Sends a request to the API.
    func ask(_ method: String, _ path: String, _ body: JSONValue? = nil) async throws -> HTTPResponse {
        let environment = try await environment()
        let url = "\(environment["IOCLOUD_API_URL"] ?? "")/enterprise/v1/io-cloud/caas/\(path)"
        var request = HTTPRequest(method, try HTTPURL(url), body: body.map { .bytes($0.encoded()) } ?? .empty)
        request.headers["x-api-key"] = environment["IOCLOUD_API_KEY"]
        // A log stream transfers less than the client's stall detection expects.
        request.stallSeconds = 600
        return try await http.send(request)
    }

    /// Sends a request to a container's port.
    func get(_ url: String) async throws -> HTTPResponse { try await http.send(HTTPRequest("GET", try HTTPURL(url))) }

    /// Deploys an image from the sandbox's registry, and returns the deployment's id.
    func deploy(
        _ image: String, name: String = "test", variables: [String: String] = [:], entrypoint: [String]? = nil,
        replicas: Int = 1
    ) async throws -> String {
        let registry = try await environment()["CAASCTL_REGISTRY"] ?? ""
        let login = try await login()
        var variables = variables
        variables[Self.mark] = home.string
        let answer = try await ask(
            "POST", "deploy",
            [
                "resource_private_name": .string(name), "duration_hours": 1, "gpus_per_container": 1, "hardware_id": 2,
                "location_ids": [1],
                "container_config": [
                    "replica_count": .integer(replicas), "traffic_port": 8000,
                    "entrypoint": entrypoint.map { .array($0.map(JSONValue.string)) } ?? .null,
                    "env_variables": .object(variables.mapValues(JSONValue.string)),
                    "secret_env_variables": ["TEST_SECRET": .string(Self.secret)],
                ],
                "registry_config": [
                    "image_url": .string("\(registry)/\(image)"),
                    "registry_username": .string(login.user), "registry_secret": .string(login.password),
                ],
            ])
        return try JSONValue(parsing: answer.body).text("deployment_id")
    }

    /// Returns the containers of a deployment.
    func workers(_ id: String) async throws -> [JSONValue] {
        let answer = try await ask("GET", "deployment/\(id)/containers")
        #expect(!String(decoding: answer.body, as: UTF8.self).contains(Self.secret))
        return try JSONValue(parsing: answer.body).member("data").list("workers")
    }

    /// Waits until the first container has a status, and returns the container.
    func worker(_ id: String, is status: String, within seconds: Double = 180) async throws -> JSONValue {
        let last = try await eventually(within: seconds, every: 0.2) { () -> JSONValue? in
            let worker = try await self.workers(id).first
            let now = worker?["status"]?.string ?? ""
            return now == status || ["completed", "failed", "destroyed"].contains(now) ? worker : nil
        }
        let worker = try #require(last, "the container is never \(status)")
        #expect(worker["status"]?.string == status, "\(Self.events(worker))")
        return worker
    }

    /// Waits until a container's server answers, and returns its URL.
    func url(_ id: String) async throws -> String {
        let last = try await eventually(within: 180) { () -> JSONValue? in
            let worker = try await self.workers(id).first
            return worker?["public_url"]?.string != nil || worker?["status"] == "failed" ? worker : nil
        }
        let worker = try #require(last, "the container never answers")
        return try #require(worker["public_url"]?.string, "\(Self.events(worker))")
    }

    /// Returns the whole log, which the API sends until the container has ended.
    func log(_ id: String, _ stream: String = "stdout") async throws -> [String] {
        let container = try await workers(id).first?.text("container_id") ?? ""
        let answer = try await ask("GET", "deployment/\(id)/log/\(container)?stream=\(stream)")
        #expect(answer.headers["Content-Type"]?.hasPrefix("text/event-stream") == true)
        return String(decoding: answer.body, as: UTF8.self).split(separator: "\n").compactMap { line in
            line.hasPrefix("data: ") ? String(line.dropFirst(6)) : nil
        }
    }

    /// Returns the messages of a container's events.
    static func events(_ worker: JSONValue) -> [String] {
        worker["container_events"]?.array?.compactMap { $0["message"]?.string } ?? []
    }

    /// Checks that no process and no mount of this sandbox is left.
    func expectNothingLeft() async throws {
        let left = try await eventually(within: 20) { () -> Bool? in
            let servers = ProcessIdentity.all(environment: "CAASCTL_SANDBOX", beginning: self.path.string)
            let containers = ProcessIdentity.all(environment: Self.mark, beginning: self.home.string)
            return (servers + containers).allSatisfy { !$0.isAlive } ? true : nil
        }
        #expect(left == true, "processes are left")
        let mounts = String(decoding: try FileSystem.read("/proc/self/mountinfo"), as: UTF8.self)
        #expect(!mounts.contains(folder.path.string))
        #expect(!FileSystem.exists(path))
    }
}
