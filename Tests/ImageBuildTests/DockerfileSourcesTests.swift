import Definitions
import DockerfileBuild
import ImageLayers
import ImageStore
import JSON
import OCI
import POSIX
import StepExecution
import SystemPackage
import TestSupport
import Testing
import Wording

/// Tests for sources other than the context: named contexts from the command line, and repositories.
@Suite struct DockerfileSourcesTests {
    private let fixture: DockerfileFixture
    private var folder: TemporaryFolder { fixture.folder }

    init() throws {
        fixture = try DockerfileFixture()
        try fixture.write(["a.txt"])
        try folder.write("other/o.txt", "other")
        try folder.write("other/left/out", "out")
        try folder.write("other/.dockerignore", "left\n")
    }

    /// Makes a layout `below` with an image of one file.
    private func makeLayout() async throws -> String {
        let image = try await fixture.build("FROM scratch\nCOPY a.txt /below\nENV BELOW=1")
        try fixture.store.export(image.descriptor, to: ImageOutput("oci:\(folder("below")):1"), name: "below")
        return "oci-layout://\(folder("below")):1"
    }

    /// All checks come before any fetch: the registry of the fixture never sends a layer.
    @Test(arguments: [
        ("FROM example.org/big:1\nRUN true", 2), ("FROM example.org/big:1 AS a\nFROM a\nRUN true", 2),
        ("FROM scratch\nCOPY --from=example.org/big:1 / /", 1),
        ("FROM example.org/big:1 AS a\nFROM scratch\nCOPY --from=a / /", 1),
        // The layer stays in its registry.
        ("FROM example.org/big:1\nLABEL a=b", 0),
    ])
    func `layers that fit on no disk are refused before they are fetched`(_ text: String, _ times: Int64) async throws {
        let layer = Descriptor(mediaType: .layerGzip, digest: Digest(of: [1]), size: 1 << 43)
        let config = Descriptor(mediaType: .imageConfig, digest: Digest(of: [3]), size: 10)
        let json: JSONValue = [
            "architecture": .string(Platform.current.architecture), "os": "linux",
            "rootfs": ["type": "layers", "diff_ids": [.string("\(Digest(of: [2]))")]],
        ]
        var bases = FixedBases()
        bases.images["example.org/big:1"] = try BaseImage(
            reference: Reference("example.org/big:1"), digest: Digest(of: [4]),
            manifest: ImageManifest(mediaType: .imageManifest, config: config, layers: [layer]),
            config: ImageConfig(json: json))
        var said = "nothing"
        do { _ = try await fixture.build(text, bases: bases) } catch { said = "\(error)" }
        let size = (times << 43) / 1_000_000
        let expected = "cannot build Dockerfile: the layers that its commands need take at least \(size) MB in "
        #expect(times == 0 ? said == "nothing" : said.hasPrefix(expected), "\(said)")
    }

    @Test(arguments: ["", "ONBUILD "])
    func `a Dockerfile does not take the network that its user kept from it`(_ prefix: String) async throws {
        let text = "FROM scratch AS a\n\(prefix)RUN --network=host [\"/x\"]\nFROM a"
        var said = "nothing"
        do { _ = try await fixture.build(text, network: .private) } catch { said = "\(error)" }
        #expect(said.hasSuffix("it asks for the machine's network, which '--network private' keeps from it"), "\(said)")
    }

    @Test(arguments: [
        ("FROM other\nCOPY a.txt /", "/ .dockerignore a.txt o.txt"),
        ("FROM scratch\nCOPY --from=other /o.txt /x", "/ x"),
        // A named context overrides a stage and an image of the same name.
        ("FROM scratch AS other\nCOPY a.txt /\nFROM scratch\nCOPY --from=other / /", "/ .dockerignore o.txt"),
        ("FROM scratch AS other\nCOPY a.txt /\nFROM scratch\nCOPY --from=0 / /", "/ .dockerignore o.txt"),
        ("FROM scratch AS other\nCOPY a.txt /\nFROM other", "/ .dockerignore o.txt"),
        ("FROM docker.io/library/debian:latest", "1 below"), ("FROM Debian\nCOPY --from=debian /below /x", "1 below x"),
        ("FROM debian:12", "nothing"), ("FROM none\nCOPY a.txt /", "/ a.txt"),
    ])
    func `a name that is given means what was given`(_ text: String, _ expected: String) async throws {
        let contexts = try [
            "other": NamedContext(folder("other").string), "debian": NamedContext(try await makeLayout()),
            "none": NamedContext("docker-image://scratch"),
        ]
        guard expected != "nothing" else {
            await #expect(throws: Failure.self) { try await fixture.build(text, contexts: contexts) }
            return
        }
        let image = try await fixture.build(text, contexts: contexts)
        let base = image.config.environment.contains { $0.name == "BELOW" } ? "1" : "/"
        #expect(([base] + (try fixture.paths(image))).joined(separator: " ") == expected)
    }

    @Test func `what is no context is named`() throws {
        let error = #expect(throws: Failure.self) { try NamedContext("ftp://x") }
        #expect(
            error?.description
                == "cannot use the context ftp://x: it is no folder, docker-image://REFERENCE or oci-layout://DIR[:TAG]"
        )
    }

    /// A git server whose repository has a branch, a tag, a folder, a submodule and an executable file.
    private struct GitServer {
        let url: String
        let commits: [String]
        private let program: RunningProgram

        init(in folder: TemporaryFolder) async throws {
            let port = FreePort.find(1)[0]
            url = "git://127.0.0.1:\(port)/app.git"
            let script = """
                umask 077; git init -q -b main sub; cd sub; echo sub >s; git add .; git commit -qm sub; cd ..
                git init -q -b main app; cd app; mkdir d; echo one >run; chmod 755 run; echo d >d/f; ln -s d l
                git -c protocol.file.allow=always submodule --quiet add ../sub sub
                git config -f .gitmodules submodule.sub.url git://127.0.0.1:\(port)/sub.git
                git add .; git commit -qm one; git tag -m tagged v1; git rev-parse HEAD
                echo two >run; git commit -qam two; git rev-parse HEAD; cd ..; mkdir served
                git clone -q --bare sub served/sub.git; git clone -q --bare app served/app.git
                """
            let who = [
                "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a",
                "GIT_COMMITTER_EMAIL": "a@b", "HOME": folder.path.string, "GIT_CONFIG_NOSYSTEM": "1",
            ]
            commits = try await Command("sh", ["-ec", script], environment: who, in: folder.path).succeed()
                .split(separator: "\n").map(String.init)
            let served = folder("served").string
            program = try RunningProgram(
                "git",
                [
                    "daemon", "--reuseaddr", "--export-all", "--base-path=\(served)", "--listen=127.0.0.1",
                    "--port=\(port)", served,
                ], log: folder("git.log"))
            let ask = Command("git", ["ls-remote", "-q", url])
            _ = try await eventually { try await ask.run().status == 0 ? true : nil }
        }
    }

    @Test func `ADD of a repository takes a branch, a tag, a commit or a folder of it`() async throws {
        let git = try await GitServer(in: folder)
        let whole = [
            ".gitmodules 644 0:0", "d/ 755 0:0", "d/f 644 0:0 d", "l -> d", "run 755 0:0 two", "sub/ 755 0:0",
            "sub/s 644 0:0 sub",
        ]
        func list(_ words: String, flags: String = "") async throws -> [String] {
            let image = try await fixture.build("FROM scratch\nADD \(flags) \(git.url)\(words) /")
            return try fixture.list(image).map { line in
                line.hasPrefix(".gitmodules") ? ".gitmodules 644 0:0" : String(line.filter { $0 != "\n" })
            }
        }
        #expect(try await list("") == whole)
        #expect(fixture.events.warnings.last?.hasSuffix("for the same one then, write #\(git.commits[1])") == true)
        #expect(try await list("#main") == whole)
        for name in ["?branch=main&submodules=false", "?branch=refs/heads/main&submodules=F"] {
            #expect(try await list(name) == Array(whole.dropLast(1)), "\(name)")
        }
        let names = [
            "#v1", "#\(git.commits[0])", "?tag=v1", "?ref=refs/tags/v1", "#v1:", "?tag=refs/tags/v1",
            "?tag=v1#refs/tags/v1", "?ref=refs%2Ftags%2Fv1", "#refs%2Ftags%2Fv1", "?tag=v1&submodules&keep-git-dir=0",
        ]
        for name in names {
            #expect(try await list(name).contains("run 755 0:0 one"), "\(name)")
        }
        #expect(try await list("#main:d") == ["f 644 0:0 d"])
        #expect(try await list("#main:/d", flags: "--chown=7:8 --chmod=600 --exclude=x") == ["f 600 7:8 d"])
        #expect(try await list("", flags: "--checksum=\(git.commits[1])") == whole)
        for (words, reason) in [
            ("--checksum=\(git.commits[0]) \(git.url)", "it is the commit \(git.commits[1]), not \(git.commits[0])"),
            ("\(git.url)#none", "it has no branch or tag 'none'"),
            ("\(git.url)?tag=v1#main", "'main' and 'refs/tags/v1' in the address of a repository disagree"),
            ("\(git.url)?tag=v1&branch=main", "'refs/tags/v1' and 'refs/heads/main' in the address"),
            ("\(git.url)?subdir=d#main:sub", "'sub' and 'd' in the address of a repository disagree"),
            ("\(git.url)?ref=main&ref=main", "'ref' stands twice in the address of a repository"),
            ("\(git.url)?ref=", "'ref' in the address of a repository needs a value"),
            ("\(git.url)?keep-git-dir=yes", "'keep-git-dir' in the address of a repository is true or false"),
            ("\(git.url)#main:none", "there is no folder 'none'"),
            ("\(git.url)#main:l/../../x", "leads out of the repository"),
        ] {
            let complaint = await fixture.complaint("FROM scratch\nADD \(words) /")
            #expect(complaint.contains(reason), "\(complaint)")
        }
    }

    @Test func `a repository's own folder comes where it is kept, the same each time, and git reads it`() async throws {
        let git = try await GitServer(in: folder)
        let text = "FROM scratch\nADD --keep-git-dir \(git.url.replacing(".git", with: ".git#main")) /app"
        let image = try await fixture.build(text)
        #expect(try await fixture.build(text).descriptor == image.descriptor)
        let root = folder("root")
        try FileSystem.makeFolder(root)
        let blob = fixture.store.path(of: image.manifest.layers[0].digest)
        try await Command("bsdtar", ["-xf", blob.string, "-C", root.string]).succeed()
        let log = ["-C", root.appending("app").string, "log", "--format=%H %s"]
        #expect(try await Command("git", log).succeed() == "\(git.commits[1]) two")
        let status = ["-C", root.appending("app").string, "status", "--short", "--ignore-submodules"]
        #expect(try await Command("git", status).succeed() == "")
    }
}
