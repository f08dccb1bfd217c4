import JSON
import Secrets
import SystemPackage
import TestSupport
import Testing

@testable import Sandbox

struct IonetAPITests {
    private static let base = "/enterprise/v1/io-cloud/caas"

    /// Creates an API whose deployments cannot run: there is no runc and no registry.
    private static func makeAPI(_ folder: TemporaryFolder) async throws -> IonetAPI {
        let place = SandboxFolder(path: folder.path)
        let runc = Runc(program: "/nonexistent", root: place.runc)
        let supervisor = ContainerSupervisor(
            folder: place, installer: try ImageInstaller(folder: place),
            runner: ContainerRunner(runc: runc, folder: place), health: HealthPolicy(), limits: .ofThisMachine,
            ports: PortChooser())
        let table = try await DeploymentTable(folder: place, supervisor: supervisor)
        return IonetAPI(apiKey: Secret("sandbox-key"), deployments: table)
    }

    private static func ask(
        _ api: IonetAPI, _ target: String, method: String = "GET", key: String? = "sandbox-key", body: JSONValue? = nil
    ) async throws -> (status: Int, json: JSONValue) {
        let request = APIRequest(method: method, target: target, apiKey: key, body: body?.encoded() ?? [])
        let answer = await api.answer(request)
        guard case .json(let json) = answer.content else { return (answer.status, .null) }
        return (answer.status, json)
    }

    @Test(
        arguments: [
            ("GET", "\(base)/hardware/max-gpus-per-container", nil, 401),
            ("GET", "\(base)/hardware/max-gpus-per-container", "wrong", 401),
            ("POST", "\(base)/deploy", nil, 401),
            ("DELETE", "\(base)/deployment/x", nil, 401),
            ("GET", "\(base)/nothing", nil, 401),
            ("GET", "/v1/io-cloud/caas/hardware", nil, 200),
            ("GET", "/v1/io-cloud/caas/locations", nil, 200),
            ("GET", "/v1/io-cloud/caas/deployments", nil, 404),
            ("GET", "\(base)/hardware", "sandbox-key", 200),
            ("GET", "\(base)/hardware/max-gpus-per-container", "sandbox-key", 200),
            ("GET", "\(base)/nothing", "sandbox-key", 404),
            ("GET", "\(base)/deployments", "sandbox-key", 200),
            ("GET", "\(base)/deployment/x", "sandbox-key", 404),
            ("GET", "\(base)/deployment/x/containers", "sandbox-key", 404),
            ("GET", "\(base)/deployment/x/container/y", "sandbox-key", 404),
            ("GET", "\(base)/deployment/x/log/y", "sandbox-key", 404),
            ("DELETE", "\(base)/deployment/x", "sandbox-key", 404),
            ("PUT", "\(base)/deploy", "sandbox-key", 405),
            ("GET", "/", "sandbox-key", 404),
        ] as [(String, String, String?, Int)])
    func `paths and keys decide`(method: String, target: String, key: String?, status: Int) async throws {
        let api = try await Self.makeAPI(TemporaryFolder())
        let answer = try await Self.ask(api, target, method: method, key: key)
        #expect(answer.status == status)
        if status >= 400 { #expect(answer.json["detail"]?.string != nil) }
    }

    @Test(
        arguments: [
            ("price?hardware_id=1&duration_hours=1&gpus_per_container=1&replica_count=1&location_ids=%5B1%5D", 200, []),
            ("price?hardware_id=1&duration_hours=1&gpus_per_container=1&replica_count=1&location_ids=US", 200, []),
            ("price?hardware_id=9&duration_hours=1&gpus_per_container=1&replica_count=1&location_ids=US", 404, []),
            (
                "price?hardware_id=1&duration_hours=0&gpus_per_container=1&replica_count=1&location_ids=US", 422,
                ["greater_than_equal"]
            ),
            ("price?hardware_id=1&duration_hours=x", 422, ["missing", "int_parsing", "missing", "missing"]),
            ("available-replicas?hardware_id=1&hardware_qty=8", 200, []),
            ("available-replicas?hardware_id=1", 422, ["missing"]),
            ("available-replicas?hardware_qty=1", 422, ["missing"]),
            ("clusters/check_cluster_name_availability", 422, ["missing"]),
            ("deployments?status=running", 200, []),
            ("deployments?status=deployment+requested", 200, []),
            ("deployments?status=deployment%20requested", 200, []),
            ("deployments?status=nonsense", 422, ["enum"]),
            ("deployments?page_size=101", 422, ["less_than_equal"]),
            ("deployments?page_size=0", 422, ["greater_than_equal"]),
            ("deployments?page=-1", 422, ["greater_than_equal"]),
            ("deployments?page=9223372036854775807&page_size=100", 200, []),
        ] as [(String, Int, [String])])
    func `queries are checked`(target: String, status: Int, kinds: [String]) async throws {
        let api = try await Self.makeAPI(TemporaryFolder())
        let answer = try await Self.ask(api, "\(Self.base)/\(target)")
        #expect(answer.status == status)
        guard status == 422 else { return }
        #expect(answer.json["detail"]?.array?.compactMap { $0["type"]?.string } == kinds)
        #expect(answer.json["detail"]?.array?.allSatisfy { $0["loc"]?.array?.first == "query" } == true)
    }

    @Test func `a price is nothing`() async throws {
        let api = try await Self.makeAPI(TemporaryFolder())
        let target =
            "\(Self.base)/price?hardware_id=2&duration_hours=5&gpus_per_container=1&replica_count=2&location_ids=%5B1%5D"
        let json = try await Self.ask(api, target).json
        #expect(json["data"]?["total_cost_usdc"]?.double == 0)
        #expect(json["data"]?["replica_count"] == 2)
    }

    @Test func `a deployment is listed, fails for want of its image, and gives its name back when destroyed`()
        async throws
    {
        let folder = try TemporaryFolder()
        let api = try await Self.makeAPI(folder)
        var body = DeployRequestTests.good
        body["registry_config"] = ["image_url": "127.0.0.1:1/a:1", "registry_secret": "registry-secret"]
        let made = try await Self.ask(api, "\(Self.base)/deploy", method: "POST", body: body)
        #expect(made.status == 200)
        #expect(made.json["status"] == "deployment requested")
        let id = try #require(made.json["deployment_id"]?.string)

        let name = "\(Self.base)/clusters/check_cluster_name_availability?cluster_name=demo-1"
        #expect(try await Self.ask(api, name).json == false)
        let again = try await Self.ask(api, "\(Self.base)/deploy", method: "POST", body: body)
        #expect(again.status == 422)

        let failed = try await eventually { () -> JSONValue? in
            let details = try await Self.ask(api, "\(Self.base)/deployment/\(id)").json
            return details["data"]?["status"] == "failed" ? details : nil
        }
        let details = try #require(failed)
        #expect(details["data"]?["container_config"]?["secret_env_keys"] == ["B_KEY"])
        #expect(details["data"]?["container_config"]?["env_variables"] == ["A": "1"])
        #expect(details["data"]?["hardware_id"] == 1)
        let containers = try await Self.ask(api, "\(Self.base)/deployment/\(id)/containers").json
        let worker = try #require(containers["data"]?["workers"]?.array?.first)
        #expect(worker["status"] == "failed")
        let events = worker["container_events"]?.array?.compactMap { $0["message"]?.string } ?? []
        #expect(events.contains { $0.hasPrefix("cannot pull 127.0.0.1:1/a:1") })
        let list = try await Self.ask(api, "\(Self.base)/deployments?status=failed").json
        #expect(list["data"]?["total"] == 1)
        for json in [details, containers, list] {
            #expect(!json.text.contains("secret-value"))
            #expect(!json.text.contains("registry-secret"))
        }

        let destroyed = try await Self.ask(api, "\(Self.base)/deployment/\(id)", method: "DELETE")
        #expect(destroyed.json == ["status": "destroyed", "deployment_id": .string(id)])
        #expect(try await Self.ask(api, name).json == true)

        // Another API process loads the same deployment, and no file contains a secret.
        let next = try await Self.makeAPI(folder)
        #expect(try await Self.ask(next, "\(Self.base)/deployment/\(id)").json["data"]?["status"] == "destroyed")
        let found = try await Command("grep", ["-rlE", "secret-value|registry-secret", folder.path.string]).run()
        #expect(found.output == "")
    }
}
