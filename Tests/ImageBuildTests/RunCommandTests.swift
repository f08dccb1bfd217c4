import POSIX
import SystemPackage
import TestSupport
import Testing

@testable import ImageBuild

/// What a command sees, and how it ends.
struct RunCommandTests {
    private let fixture: RunFixture

    init() throws { fixture = try RunFixture() }

    @Test func `environment, folder, user and input are the command's`() async throws {
        _ = try await fixture.run("env; pwd; id; cat", on: [try await fixture.base()]) { command in
            command.environment = [("A", "1"), ("B", "x y"), ("A", "2")]
            command.workdir = "/made/here"
            command.user = "web"
            command.input = Array("typed\n".utf8)
        }
        let output = fixture.said.output
        for line in [
            "A=2", "B=x y", "HOME=/data", "/made/here", "typed", "uid=33(web) gid=44(web) groups=44(web),70(extra)",
        ] {
            #expect(output.contains(line), "\(line) is not in \(output)")
        }
        #expect(!output.contains { $0.contains("CAASCTL") })
    }

    @Test func `a failure tells status, place and the last lines`() async throws {
        let error = await #expect(throws: ImageBuildError.self) {
            try await fixture.run("echo before; echo why >&2; exit 3", on: [try await fixture.base()])
        }
        #expect(
            error?.description
                == "cannot run 'echo before; echo why >&2; exit 3' (Dockerfile:7): exit status 3\n    before\n    why")
        let missing = await #expect(throws: ImageBuildError.self) {
            try await fixture.run("", on: [try await fixture.base()]) { $0.arguments = ["/no/such"] }
        }
        #expect(missing?.description.contains("/no/such") == true)
        let user = await #expect(throws: ImageBuildError.self) {
            try await fixture.run("true", on: [try await fixture.base()]) { $0.user = "nobody" }
        }
        #expect(
            user?.description == "cannot run 'true' (Dockerfile:7): the image's /etc/passwd does not name it")
    }

    @Test func `without a network there is only a loopback`() async throws {
        let base = try await fixture.base()
        let server = try await LoopbackServer { _ in .close }
        let script =
            "cut -d: -f1 /proc/net/dev; nc -w 1 127.0.0.1 \(server.port) </dev/null 2>/dev/null && echo reached || echo alone"
        _ = try await fixture.run(script, on: [base]) { $0.network = .none }
        #expect(fixture.said.output.suffix(2).map { $0.filter { $0 != " " } } == ["lo", "alone"])
        _ = try await fixture.run(script, on: [base])
        #expect(fixture.said.output.last == "reached")
    }

    @Test func `devices of the machine are out of reach`() async throws {
        _ = try await fixture.run(
            "echo x >/dev/null; cat /dev/null; mknod /disk b 8 0 2>/dev/null || true; mknod /dev/disk b 8 0 2>/dev/null || true; "
                + "for disk in /disk /dev/disk; do cat $disk >/dev/null 2>&1 && echo read || echo refused; done",
            on: [try await fixture.base()])
        #expect(fixture.said.output == ["refused", "refused"])
    }
}
