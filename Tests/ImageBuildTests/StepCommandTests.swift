import ImageLayers
import POSIX
import SystemPackage
import TestSupport
import Testing

@testable import StepExecution
import Wording

/// Tests for the environment and the end of commands.
struct StepCommandTests {
    private let fixture: StepFixture

    init() throws { fixture = try StepFixture() }

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
        let error = await #expect(throws: Failure.self) {
            try await fixture.run("echo before; echo why >&2; exit 3", on: [try await fixture.base()])
        }
        #expect(
            error?.description
                == "cannot run 'echo before; echo why >&2; exit 3' (Dockerfile:7): exit status 3\n    before\n    why")
        let missing = await #expect(throws: Failure.self) {
            try await fixture.run("", on: [try await fixture.base()]) { $0.arguments = ["/no/such"] }
        }
        #expect(missing?.description.contains("/no/such") == true)
        let user = await #expect(throws: Failure.self) {
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

    @Test(.timeLimit(.minutes(30))) func `a killed build leaves nothing running, and the next one is right`()
        async throws
    {
        let base = try await fixture.base()
        let fixture = fixture
        let seconds = "\(Int.random(in: 100_000_000...999_999_999))"
        let script = "touch /made; sleep \(seconds)"
        let build = Task { try await fixture.run(script, on: [base]) }
        var process = try #require(try await eventually { Self.process(["sleep", seconds]) })
        // An ancestor of the command is the process that has its namespaces.
        while !Self.words(of: process).contains("step-worker") { process = try #require(Self.parent(of: process)) }
        ProcessIdentity(pid: process)?.signal(9)
        await #expect(throws: Failure.self) { try await build.value }
        #expect(try await eventually { Self.process(["sleep", seconds]) == nil ? true : nil } == true)
        let mounts = try FileSystem.read("/proc/self/mountinfo", limit: 64 << 20)
        #expect(!String(decoding: mounts, as: UTF8.self).contains(fixture.folder.path.string))

        let layer = try await fixture.run("touch /made", on: [base])
        #expect(try await fixture.list(layer) == ["-rw-r--r-- 0:0 made"])
        let cache = try StepCache(home: fixture.folder("home"), program: FilePath(Checkout.program("caasctl")))
        // The remains of the killed command, once they are old enough; then the base and the new layer.
        let left = try await eventually {
            let freed = try cache.prune(all: false)
            return freed.folders > 0 ? freed : nil
        }
        #expect(left?.folders == 1)
        #expect(try cache.prune(dryRun: true).folders == 2)
        #expect(try cache.prune().folders == 2)
        #expect(try cache.prune() == StepCache.Freed(folders: 0, bytes: 0))
    }

    private static func words(of pid: Int32) -> [String] {
        let content = (try? FileSystem.read(FilePath("/proc/\(pid)/cmdline"))) ?? []
        return content.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func process(_ words: [String]) -> Int32? {
        let names = (try? FileSystem.names(in: "/proc")) ?? []
        return names.compactMap { Int32($0.string) }.first { Self.words(of: $0) == words }
    }

    private static func parent(of pid: Int32) -> Int32? {
        guard let content = try? FileSystem.read(FilePath("/proc/\(pid)/stat")) else { return nil }
        let fields = String(decoding: content, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
        return fields.count > 1 ? Int32(fields[1]) : nil
    }
}
