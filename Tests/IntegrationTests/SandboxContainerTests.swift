import HTTP
import JSON
import POSIX
import SystemPackage
import TestSupport
import Testing

/// Tests in which the sandbox runs images without our entrypoint, through requests over plain HTTP.
@Suite(.serialized) struct SandboxContainerTests {
    private static func push(_ sandbox: TestSandbox) async throws {
        try await sandbox.push(TestImage.busybox(in: TemporaryFolder()), as: "busybox:1")
    }

    @Test(arguments: TestSandbox.Identity.allCases)
    func `an image runs, answers, logs, and is destroyed`(identity: TestSandbox.Identity) async throws {
        try await TestSandbox.run(as: identity) { sandbox in
            try await Self.push(sandbox)
            let id = try await sandbox.deploy("busybox:1")
            let page = try await sandbox.get(try await sandbox.url(id))
            #expect(String(decoding: page.body, as: UTF8.self) == "hello from the container\n")
            let details = try JSONValue(parsing: try await sandbox.ask("GET", "deployment/\(id)").body)
            #expect(details["data"]?["status"] == "running")
            #expect(details["data"]?["container_config"]?["secret_env_keys"] == ["TEST_SECRET"])
            #expect(!details.text.contains(TestSandbox.secret))
            try await Self.expectSecretsKept(sandbox)

            let log = Task { try await sandbox.log(id) }
            let answer = try await sandbox.ask("DELETE", "deployment/\(id)")
            #expect(try JSONValue(parsing: answer.body)["status"] == "termination requested")
            _ = try await sandbox.worker(id, is: "destroyed")
            let lines = try await log.value
            #expect(lines.first?.hasPrefix("user 0 port ") == true)
            #expect(lines.first?.hasSuffix("secret \(TestSandbox.secret.utf8.count) image yes") == true)
            #expect(lines.contains("files are there"))
            #expect(lines.last == "got TERM")
            #expect(try await sandbox.log(id, "stderr") == ["to stderr"])
            #expect(ProcessIdentity.all(environment: TestSandbox.mark, beginning: sandbox.home.string).isEmpty)
            let left = try await Command("find", [sandbox.path.string, "-name", "bundle"]).succeed()
            #expect(left == "")
        }
    }

    /// Checks that no file that other users can read, and no process's arguments, contain a secret.
    private static func expectSecretsKept(_ sandbox: TestSandbox) async throws {
        let keys = try await sandbox.environment()
        let secrets = [
            TestSandbox.secret, keys["IOCLOUD_API_KEY"] ?? "?", keys["R2_SECRET_ACCESS_KEY"] ?? "?",
            try await sandbox.login().password,
        ]
        let arguments = try await Command("ps", ["-eo", "args"]).succeed()
        for secret in secrets {
            #expect(!arguments.contains(secret))
            let found = try await Command("grep", ["-rlF", secret, sandbox.home.string]).run().output
            #expect(!found.isEmpty)
            for file in found.split(separator: "\n") {
                #expect(try FileStatus(FilePath(String(file))).mode & 0o077 == 0, "\(file) is open to others")
            }
        }
        #expect(try FileStatus(sandbox.path).mode == 0o700)
    }

    @Test(arguments: [(0, "completed"), (7, "failed")])
    func `a log is sent until the container ends, and its exit status decides`(code: Int, status: String) async throws {
        try await TestSandbox.run { sandbox in
            try await Self.push(sandbox)
            let id = try await sandbox.deploy("busybox:1", variables: ["ROUNDS": "4", "CODE": "\(code)"])
            // Requested before the container exists; the response still ends with the container.
            let lines = try await sandbox.log(id)
            #expect(lines.suffix(4) == ["tick 0", "tick 1", "tick 2", "tick 3"])
            let worker = try await sandbox.worker(id, is: status)
            #expect(TestSandbox.events(worker).last == "exited with status \(code)")
            #expect(worker["public_url"] == .null)
            let details = try JSONValue(parsing: try await sandbox.ask("GET", "deployment/\(id)").body)
            #expect(details["data"]?["status"]?.string == status)
        }
    }

    @Test func `two replicas listen on two ports, as the image's user`() async throws {
        try await TestSandbox.run { sandbox in
            let folder = try TemporaryFolder()
            let image = try await TestImage.busybox(in: folder)
            try await image.configure(["--config.user", "web", "--config.workingdir", "/www"])
            try await sandbox.push(image, as: "web:1")
            let id = try await sandbox.deploy("web:1", replicas: 2)
            let urls = try await eventually(within: 180) { () -> [String]? in
                let urls = try await sandbox.workers(id).compactMap { $0["public_url"]?.string }
                return urls.count == 2 ? urls : nil
            }
            #expect(Set(try #require(urls)).count == 2)
            #expect(try await sandbox.ask("DELETE", "deployment/\(id)").status == 200)
            let expected = CurrentUser.id == 0 ? "user 33 " : "user 0 "
            #expect(try await sandbox.log(id).first?.hasPrefix(expected) == true)
        }
    }

    @Test func `a container whose port does not answer is killed, and told why`() async throws {
        try await TestSandbox.run(up: ["--health-start-period", "1"]) { sandbox in
            try await Self.push(sandbox)
            let id = try await sandbox.deploy("busybox:1", variables: ["SILENT": "yes", "GRACE_SECONDS": "5"])
            let worker = try await sandbox.worker(id, is: "failed", within: 240)
            let told = TestSandbox.events(worker).contains {
                $0.hasPrefix("the health check failed 3 times in a row: GET")
            }
            #expect(told, "\(TestSandbox.events(worker))")
        }
    }

    @Test(.enabled(if: CurrentUser.id == 0, "control groups are root's"))
    func `a container that takes too much memory is killed, and told why`() async throws {
        try await TestSandbox.run(up: ["--memory", "64MiB", "--cpus", "0.5"]) { sandbox in
            try await Self.push(sandbox)
            let id = try await sandbox.deploy(
                "busybox:1", entrypoint: ["/bin/sh", "-c", "exec dd if=/dev/zero of=/dev/shm/x bs=1M count=200"])
            let worker = try await sandbox.worker(id, is: "failed")
            #expect(
                TestSandbox.events(worker).last
                    == "exited with status 137: killed, as for more than its 64 MiB of memory")
        }
    }

    @Test func `an image whose layer leads out of its root is refused, and told why`() async throws {
        try await TestSandbox.run { sandbox in
            let folder = try TemporaryFolder()
            try folder.write("file", "escaped")
            let archive = folder("evil.tar").string
            try await Command(
                "tar", ["-cPf", archive, "--transform=s,^file$,../../../../escaped,", "file"], in: folder.path
            ).succeed()
            let image = try await TestImage.busybox(in: folder)
            try await image.add(layer: FilePath(archive))
            try await sandbox.push(image, as: "evil:1")
            let id = try await sandbox.deploy("evil:1")
            let worker = try await sandbox.worker(id, is: "failed")
            let told = TestSandbox.events(worker).contains { $0.contains("cannot unpack") && $0.contains("escaped") }
            #expect(told, "\(TestSandbox.events(worker))")
            let found = try await Command("find", [sandbox.home.string, "-name", "escaped"]).succeed()
            #expect(found == "")
        }
    }

    @Test func `no other user of the machine pushes to the registry or pulls from it`() async throws {
        try await TestSandbox.run { sandbox in
            try await Self.push(sandbox)
            let registry = try await sandbox.environment()["CAASCTL_REGISTRY"] ?? ""
            let requests = [("GET", "_catalog"), ("GET", "busybox/manifests/1"), ("POST", "busybox/blobs/uploads/")]
            for (method, path) in requests {
                let url = try HTTPURL("http://\(registry)/v2/\(path)")
                let asked = try await sandbox.http.send(HTTPRequest(method, url))
                #expect(asked.status == 401, "\(method) \(path)")
            }
            await #expect(throws: Command.Failure.self) {
                try await TestImage.busybox(in: TemporaryFolder()).copy(to: "\(registry)/busybox:1", logins: "{}")
            }
        }
    }

    @Test func `what cannot be run or pulled is told`() async throws {
        try await TestSandbox.run { sandbox in
            try await Self.push(sandbox)
            let missing = try await sandbox.deploy("busybox:1", name: "no-program", entrypoint: ["/nothing"])
            let events = TestSandbox.events(try await sandbox.worker(missing, is: "failed"))
            #expect(
                events.contains { $0.hasPrefix("cannot run the container:") && $0.contains("/nothing") }, "\(events)")
            let unknown = try await sandbox.deploy("nothing:1", name: "no-image")
            let others = TestSandbox.events(try await sandbox.worker(unknown, is: "failed"))
            #expect(others.contains { $0.hasPrefix("cannot pull") && $0.contains("nothing:1") }, "\(others)")
        }
    }
}
