import Definitions
import ImageLayers
import POSIX
import SystemPackage
import TestSupport
import Testing

/// Tests for the annotations about the checkout that an image was built in.
@Suite struct GitCheckoutTests {
    private let folder: TemporaryFolder
    private let checkout: GitCheckout

    init() async throws {
        folder = try TemporaryFolder()
        try folder.write("clone/images/app/image.yaml", "name: app\n")
        try folder.write("clone/images/app/files/text", "x")
        try folder.write("clone/README", "x")
        try folder.write("outside", "x")
        checkout = GitCheckout(
            of: folder("clone/images/app/image.yaml"), with: [folder("clone/images/app"), folder("outside")])
    }

    @discardableResult
    private func git(_ arguments: String...) async throws -> String {
        try await Command(
            "git", ["-c", "user.name=a", "-c", "user.email=a@example.org"] + arguments,
            environment: ["GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"], in: folder("clone")
        ).succeed()
    }

    private func commit() async throws -> String {
        try await git("init", "--quiet")
        try await git("remote", "add", "origin", "https://me:secret@example.org/me/app.git")
        try await git("add", "images", "README")
        try await git("commit", "--quiet", "-m", "first")
        return try await git("rev-parse", "HEAD")
    }

    @Test func `a clean checkout tells its commit and its address without a password`() async throws {
        let commit = try await commit()
        let clean = [
            "org.opencontainers.image.source": "https://example.org/me/app",
            "org.opencontainers.image.revision": commit,
        ]
        #expect(await checkout.annotations() == clean)
        // Files that are not in the image do not matter.
        try folder.write("clone/README", "changed")
        try folder.write("clone/note", "new")
        #expect(await checkout.annotations() == clean)
    }

    @Test(arguments: ["images/app/files/text", "images/app/files/new", "images/app/image.yaml"])
    func `a changed or new file of the image leaves the commit out`(file: String) async throws {
        _ = try await commit()
        try folder.write("clone/\(file)", "changed")
        #expect(
            await checkout.annotations() == ["org.opencontainers.image.source": "https://example.org/me/app"])
        #expect(!FileSystem.exists(folder("clone/.git/index.lock")))
    }

    @Test(arguments: ["data.tar", "requirements.txt", "shared/file"])
    func `a change of what a layer takes from elsewhere leaves the commit out`(file: String) async throws {
        let text = """
            name: app
            base: scratch
            layers:
              - archive: {from: ../../data.tar, into: /}
              - python: {requirements: ../../requirements.txt, version: "3.11", into: /opt}
              - files: {from: ../../shared, into: /shared}
            """
        for name in ["data.tar", "requirements.txt", "shared/file"] { try folder.write("clone/\(name)", "x") }
        let path = try folder.write("clone/images/app/image.yaml", text)
        try await git("init", "--quiet")
        try await git("add", ".")
        try await git("commit", "--quiet", "-m", "first")
        let definition = try ImageDefinition(reading: path, environment: [:])
        let checkout = GitCheckout(of: definition, program: nil)
        #expect(await checkout.annotations()["org.opencontainers.image.revision"] != nil)
        try folder.write("clone/\(file)", "changed")
        #expect(await checkout.annotations()["org.opencontainers.image.revision"] == nil)
    }

    @Test func `there is nothing to tell without a commit, a checkout, or a definition in it`() async throws {
        #expect(await checkout.annotations() == [:])
        try await git("init", "--quiet")
        #expect(await checkout.annotations() == [:])
        try await git("add", "README")
        try await git("commit", "--quiet", "-m", "first")
        try folder.write("clone/.gitignore", "images\n")
        #expect(await checkout.annotations() == [:])
    }

    @Test(arguments: [
        ("https://github.com/me/app", "https://github.com/me/app"),
        ("https://token@github.com/me/app.git/", "https://github.com/me/app"),
        ("https://a:b@c@host:8443/x/y.git?key=1#z", "https://host:8443/x/y"),
        ("http://host/x", "http://host/x"), ("git@github.com:me/app.git", "https://github.com/me/app"),
        ("github.com:me/app", "https://github.com/me/app"),
        ("ssh://git@host.example:2222/me/app.git", "https://host.example/me/app"),
        ("git://host/app.git", "https://host/app"), ("git+ssh://u@host/a/b", "https://host/a/b"),
        ("/srv/git/app.git", nil), ("../app", nil), ("file:///srv/app", nil), ("https://host/", nil), ("", nil),
        ("ext::sh -c x", nil),
    ])
    func `an address is one that everybody may see`(remote: String, expected: String?) async throws {
        _ = try await commit()
        try await git("config", "remote.origin.url", remote)
        #expect(await checkout.annotations()["org.opencontainers.image.source"] == expected)
    }
}
