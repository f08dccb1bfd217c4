import HTTP
import ImageLayers
import ImageStore
import OCI
import POSIX
import Synchronization
import SystemPackage
import TestSupport
import Testing
import Wording

@Suite struct GitLayerTests {
    private let fixture: BuildFixture
    private var folder: TemporaryFolder { fixture.folder }

    init() throws { fixture = try BuildFixture() }

    /// Makes a repository with two commits, and returns the ID of the first.
    private func makeRepository() async throws -> String {
        try folder.write("image/repo/run.sh", "one", mode: 0o777)
        try folder.write("image/repo/deep/data", "one", mode: 0o600)
        let script = """
            cd '\(folder("image/repo"))' && git init -q -b main . && git add . && git commit -qm one && git rev-parse HEAD
            echo two > run.sh && git commit -qam two
            """
        let environment = [
            "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b",
            "GIT_COMMITTER_DATE": "@86400 +0500", "HOME": folder.path.string,
        ]
        return try await Command("sh", ["-c", script], environment: environment).succeed()
    }

    private func yaml(_ commit: String, url: String = "./repo") -> String {
        "name: app\nbase: scratch\nlayers:\n  - git: {url: '\(url)', commit: '\(commit)', into: /src/app}\n"
    }

    @Test func `a commit's files get its date, and are known again without the repository`() async throws {
        let commit = try await makeRepository()
        let image = try await fixture.build(yaml(commit))
        #expect(
            try await fixture.list(image) == [
                "drwxr-xr-x 0:0 Jan 2 1970 src/", "drwxr-xr-x 0:0 Jan 2 1970 src/app/",
                "drwxr-xr-x 0:0 Jan 2 1970 src/app/deep/", "-rw-r--r-- 0:0 Jan 2 1970 src/app/deep/data",
                "-rwxr-xr-x 0:0 Jan 2 1970 src/app/run.sh",
            ])
        try FileSystem.removeTree(folder("image/repo"))
        #expect(try await fixture.build(yaml(commit)).descriptor == image.descriptor)
        #expect(try FileSystem.names(in: folder("home/cache/tmp")).isEmpty)
    }

    @Test func `a commit that is not there is named`() async throws {
        _ = try await makeRepository()
        let commit = String(repeating: "0", count: 39) + "1"
        let error = await #expect(throws: Failure.self) { try await fixture.build(yaml(commit)) }
        #expect(error?.description.hasPrefix("cannot fetch commit \(commit) from \(folder("image/./repo")): ") == true)
        let other = await #expect(throws: Failure.self) {
            try await fixture.build(yaml(commit, url: folder("none").string))
        }
        #expect(other?.description.contains("does not appear to be a git repository") == true)
        #expect(try fixture.blobs().isEmpty)
    }

    @Test func `a branch or tag is built as the commit that it means today, with a warning that names it`() async throws
    {
        let first = try await makeRepository()
        let repository = folder("image/repo").string
        let environment = ["GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b", "HOME": folder.path.string]
        try await Command("git", ["-C", repository, "tag", "-a", "-m", "one", "v1", first], environment: environment)
            .succeed()
        let tagged = try await fixture.build(yaml("v1"))
        #expect(tagged.descriptor == (try await fixture.build(yaml(first))).descriptor)
        let warnings = fixture.events.warnings
        #expect(warnings.count == 1)
        #expect(
            warnings.first?.hasSuffix(
                "may be another commit tomorrow; for the same image then, write commit: \(first), or build with --lock")
                == true)
        let branch = try await fixture.build(yaml("main"))
        #expect(branch.descriptor != tagged.descriptor)
        let error = await #expect(throws: Failure.self) { try await fixture.build(yaml("none")) }
        #expect(error?.description == "cannot find 'none' at \(folder("image/./repo")): it has no such branch or tag")
        let short = await #expect(throws: Failure.self) {
            try await fixture.build(yaml(String(first.prefix(10))))
        }
        #expect(short?.description.hasSuffix("; a commit must be written with all its digits") == true)
    }

    /// Every user of the machine can read the arguments of programs.
    @Test func `a password of a repository is in no program's arguments, and reaches the server`() async throws {
        let commit = try await makeRepository()
        try await Command("git", ["-C", folder("image/repo").string, "update-server-info"]).succeed()
        let asked = AskedPasswords()
        let files = folder("image/repo/.git")
        let server = try await LoopbackServer { request in
            asked.add(request.headers["Authorization"] ?? "")
            guard request.headers["Authorization"] == "Basic bWU6c2Uvb3B0" else { return .answer(403) }
            let path = request.path.split(separator: "?")[0].dropFirst()
            guard let content = try? FileSystem.read(files.appending(String(path))) else { return .answer(404) }
            return .answer(200, body: content)
        }
        let real = try await Command("sh", ["-c", "command -v git"]).succeed()
        try folder.write(
            "bin/git", "#!/bin/sh\necho \"$@\" >>'\(folder("called"))'\nexec \(real) \"$@\"\n", mode: 0o755)
        let url = "http://me:se%2Fopt@127.0.0.1:\(server.port)/"
        try folder.write("image/image.yaml", yaml(commit, url: url))
        let outcome = try await Command(
            Checkout.program("caasctl"), ["build", "image"],
            environment: [
                "CAASCTL_HOME": folder("home").string,
                "PATH": "\(folder("bin")):\(ProcessEnvironment.value("PATH") ?? "")",
                "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "protocol.version", "GIT_CONFIG_VALUE_0": "2",
            ], in: folder.path
        ).run()
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(asked.all.contains("Basic bWU6c2Uvb3B0"))
        let called = String(decoding: try FileSystem.read(folder("called")), as: UTF8.self)
        #expect(called.contains("fetch") && !called.contains("opt"), "\(called)")
    }

    private final class AskedPasswords: Sendable {
        private let list = Mutex<[String]>([])
        var all: [String] { list.withLock { $0 } }
        func add(_ text: String) { list.withLock { $0.append(text) } }
    }
}
