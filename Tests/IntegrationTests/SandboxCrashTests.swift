import HTTP
import JSON
import POSIX
import SystemPackage
import TestSupport
import Testing

/// Tests that `up` repairs the sandbox and `down` ends it, whichever process was killed.
@Suite(.serialized) struct SandboxCrashTests {
    private static func start(_ sandbox: TestSandbox, rounds: Int = 1000) async throws -> String {
        try await sandbox.push(TestImage.busybox(in: TemporaryFolder()), as: "busybox:1")
        let id = try await sandbox.deploy("busybox:1", variables: ["ROUNDS": "\(rounds)", "GRACE_SECONDS": "5"])
        _ = try await sandbox.url(id)
        return id
    }

    @Test(arguments: TestSandbox.Identity.allCases)
    func `down leaves nothing when the API and the registry were killed`(identity: TestSandbox.Identity) async throws {
        try await TestSandbox.run(as: identity) { sandbox in
            _ = try await Self.start(sandbox)
            try await sandbox.process(of: "api").signal(9)
            try await sandbox.process(of: "registry").signal(9)
            #expect(!ProcessIdentity.all(environment: TestSandbox.mark, beginning: sandbox.home.string).isEmpty)
            try await sandbox.succeed(["down"])
            try await sandbox.expectNothingLeft()
        }
    }

    @Test func `servers that were killed come back where they were, with what they had`() async throws {
        try await TestSandbox.run { sandbox in
            let before = try await sandbox.environment()
            _ = try await Self.start(sandbox)
            for server in ["registry", "storage", "api"] { try await sandbox.process(of: server).signal(9) }
            let status = try await sandbox.succeed(["status"])
            #expect(status.contains("dead") && !status.contains("api  running"))
            try await sandbox.succeed(["up"])
            #expect(try await sandbox.environment() == before)
            let registry = before["CAASCTL_REGISTRY"] ?? ""
            let tags = try await Command(
                Checkout.program("caasctl"), ["registry", "tags", "\(registry)/busybox"], environment: before
            ).succeed()
            #expect(tags == "1")
        }
    }

    @Test func `a container goes on while the API is away, and its end is not missed`() async throws {
        try await TestSandbox.run { sandbox in
            let id = try await Self.start(sandbox, rounds: 8)
            try await sandbox.process(of: "api").signal(9)
            // Longer than the container runs.
            let ended = try await eventually(within: 180) { () -> Bool? in
                ProcessIdentity.all(environment: TestSandbox.mark, beginning: sandbox.home.string).isEmpty ? true : nil
            }
            #expect(ended == true)
            try await sandbox.succeed(["up"])
            let worker = try await sandbox.worker(id, is: "completed")
            #expect(TestSandbox.events(worker).last == "exited with status 0")
            #expect(try await sandbox.log(id).last == "tick 7")
        }
    }

    @Test func `a running container is taken over by the next API`() async throws {
        try await TestSandbox.run { sandbox in
            let id = try await Self.start(sandbox)
            let url = try await sandbox.url(id)
            try await sandbox.process(of: "api").signal(9)
            #expect(try await sandbox.get(url).status == 200)
            try await sandbox.succeed(["up"])
            #expect(try await sandbox.worker(id, is: "running")["public_url"]?.string == url)
            #expect(try await sandbox.ask("DELETE", "deployment/\(id)").status == 200)
            _ = try await sandbox.worker(id, is: "destroyed")
            #expect(ProcessIdentity.all(environment: TestSandbox.mark, beginning: sandbox.home.string).isEmpty)
        }
    }

    @Test func `a container whose runtime was killed has failed, and does not go on unseen`() async throws {
        try await TestSandbox.run { sandbox in
            let id = try await Self.start(sandbox)
            let runtime = ProcessIdentity.all(
                environment: "CAASCTL_SANDBOX", beginning: "\(sandbox.path)#container-")
            #expect(runtime.count >= 2)
            for process in runtime { process.signal(9) }
            let worker = try await sandbox.worker(id, is: "failed")
            #expect(TestSandbox.events(worker).last == "killed with the process that waited for it")
            let left = ProcessIdentity.all(environment: TestSandbox.mark, beginning: sandbox.home.string)
            #expect(left.allSatisfy { !$0.isAlive })
        }
    }

    @Test func `two at once bring up one sandbox`() async throws {
        try await TestSandbox.run(up: nil) { sandbox in
            async let first = sandbox.caasctl("up")
            async let second = sandbox.caasctl("up")
            let outcomes = try await [first, second]
            #expect(outcomes.allSatisfy { $0.status == 0 })
            #expect(outcomes.filter { $0.errors.contains("up already") }.count == 1)
            let servers = ProcessIdentity.all(environment: "CAASCTL_SANDBOX", beginning: sandbox.path.string)
            #expect(servers.count == 3)
        }
    }

    @Test(arguments: [20, 60, 120, 200, 300])
    func `down leaves nothing of an up that was killed`(milliseconds: Int) async throws {
        try await TestSandbox.run(up: nil) { sandbox in
            let command = sandbox.command(["up"], [:])
            let up = try RunningProgram(
                command.program, command.arguments, environment: command.environment, log: sandbox.folder("up.log"))
            try await Task.sleep(for: .milliseconds(milliseconds))
            up.signal(9)
            try await sandbox.succeed(["down"])
            try await sandbox.expectNothingLeft()
            // The next sandbox works.
            try await sandbox.succeed(["up"])
            #expect(try await sandbox.ask("GET", "hardware").status == 200)
        }
    }

    @Test func `an up after one that was killed makes it whole`() async throws {
        try await TestSandbox.run(up: nil) { sandbox in
            for milliseconds in [60, 120, 180, 240] {
                let command = sandbox.command(["up"], [:])
                let up = try RunningProgram(
                    command.program, command.arguments, environment: command.environment, log: sandbox.folder("up.log"))
                try await Task.sleep(for: .milliseconds(milliseconds))
                up.signal(9)
            }
            try await sandbox.succeed(["up"])
            #expect(try await sandbox.ask("GET", "hardware").status == 200)
            let servers = ProcessIdentity.all(environment: "CAASCTL_SANDBOX", beginning: sandbox.path.string)
            #expect(servers.count == 3)
        }
    }

    @Test func `a program that is missing is told in one line with its remedy`() async throws {
        try await TestSandbox.run(up: nil) { sandbox in
            // Away from the checkout, whose cache may contain the missing programs.
            let program = sandbox.folder("caasctl").string
            try await Command("cp", [Checkout.program("caasctl"), program]).succeed()
            var up = sandbox.command(["up"], ["PATH": "/nowhere", "CAASCTL_CACHE": nil])
            up.program = program
            let outcome = try await up.run()
            #expect(outcome.status == 1)
            #expect(outcome.errors.split(separator: "\n").count == 1)
            // The first missing program depends on where this machine has runc.
            let missing = ["runc", "docker-registry", "rclone"].filter { outcome.errors.contains($0) }
            #expect(missing.count == 1 && outcome.errors.contains("make setup"), "\(outcome.errors)")
            let environment = try await sandbox.caasctl("env")
            #expect(environment.status == 1)
            #expect(environment.output == "")
            #expect(environment.errors.contains("caasctl sandbox up"))
            #expect(try await sandbox.caasctl("down").status == 0)
        }
    }
}
