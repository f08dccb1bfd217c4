import HTTP
import POSIX
import SystemPackage
import TestSupport
import Testing

/// Tests of mistyped names and of servers that are no registry: status 1 and a one-line error.
@Suite struct BadRegistryTests {
    private let user: Stranger
    private var folder: TemporaryFolder { user.folder }

    init() throws { user = try Stranger() }

    private func caasctl(_ arguments: [String], _ environment: [String: String?] = [:]) -> Command {
        user.caasctl(arguments, environment)
    }

    private func expectOneLine(_ arguments: [String], _ words: String) async throws {
        let outcome = try await Command.caasctl(arguments, in: folder, environment: ["HOME": folder("user").string])
            .run()
        let lines = outcome.errors.split(separator: "\n")
        #expect(outcome.status == 1 && outcome.output.isEmpty, "\(outcome.output) \(outcome.errors)")
        #expect(lines.count == 1 && lines.last?.hasPrefix("Error: cannot ") == true, "\(outcome.errors)")
        #expect(outcome.errors.contains(words), "\(outcome.errors)")
    }

    @Test(arguments: [
        ("host.example/App:1", "the repository 'App' must be lower case"),
        ("a..b.example/app:1", "'a..b.example' is not a host with an optional port"),
        ("host.example:port/app:1", "'host.example:port' is not a host with an optional port"),
        ("host.example/app:", "'' is not a tag of at most 128 letters"),
        ("host.example/app@sha256:12", "sha256:12"), ("https://host.example/app:1", "https:"),
        ("host.example/a_:1", "'a_' is not a repository name"),
    ])
    func `a name that is none is refused`(reference: String, words: String) async throws {
        try await expectOneLine(["push", reference], words)
    }

    @Test func `a server that is no registry is said to be none`() async throws {
        let page = "<html><head><title>Welcome</title></head><body>Please sign in</body></html>"
        let server = try await LoopbackServer { _ in .answer(200, ["Content-Type": "text/html"], text: page) }
        let reference = "\(server.host)/app:1"
        try await expectOneLine(["image", "inspect", reference], "answered with no manifest")
        try await caasctl(["build", "app", "--tag", reference]).succeed()
        let pushed = try await caasctl(["push", reference]).run()
        #expect(pushed.status == 1 && pushed.output.isEmpty)
        #expect(pushed.errors.contains("Error: cannot push \(reference): POST "), "\(pushed.errors)")
        #expect(pushed.errors.contains(" answered 200: Welcome Please sign in"), "\(pushed.errors)")
    }

    @Test func `a manifest of more than 4 MiB is refused`() async throws {
        let server = try await LoopbackServer { request in
            request.path == "/v2/" ? .answer(200) : .answer(200, body: Array(repeating: 32, count: (4 << 20) + 1))
        }
        try await expectOneLine(
            ["image", "inspect", "\(server.host)/app:1"], "the answer is longer than 4194304 bytes")
    }

    @Test func `a layer that the store lost is named`() async throws {
        let registry = try await DockerRegistry()
        let reference = "\(registry.host)/app:1"
        try await caasctl(["build", "app", "--tag", reference]).succeed()
        let blobs = folder("home/store/blobs/sha256")
        let sizes = try FileSystem.names(in: blobs).map { (try FileStatus(blobs.appending($0)).size, $0) }
        let layer = try #require(sizes.min { $0.0 < $1.0 }?.1)
        try FileSystem.remove(blobs.appending(layer))
        let outcome = try await caasctl(["push", reference]).run()
        let line = try #require(outcome.errors.split(separator: "\n").last)
        #expect(outcome.status == 1 && line.hasPrefix("Error: cannot push \(reference): "), "\(outcome.errors)")
        #expect(line.contains(layer.string), "\(line)")
    }
}
