import JSON
import OCI
import POSIX
import SystemPackage
import TestSupport
import Testing

/// Tests of pushes to Debian's registry, checked by skopeo and umoci.
@Suite struct PushCommandTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try write("app", base: "scratch", content: "one")
    }

    private func caasctl(_ arguments: [String], environment: [String: String?] = [:]) -> Command {
        let nowhere: [String: String?] = [
            "HOME": folder("user").string, "REGISTRY_USERNAME": nil, "REGISTRY_PASSWORD": nil,
        ]
        return .caasctl(arguments, in: folder, environment: nowhere.merging(environment) { $1 })
    }

    private func write(_ name: String, base: String, content: String) throws {
        try folder.write(
            "images/\(name)/image.yaml",
            "name: \(name)\nbase: \"\(base)\"\nlayers:\n  - files: {from: files, into: /opt/\(name)}\ncommand: [/bin/true]\n"
        )
        try folder.write("images/\(name)/files/text", content)
    }

    @Test func `stdout is repository and digest alone, and the image is there under both tags`() async throws {
        let registry = try await DockerRegistry()
        let reference = "\(registry.host)/me/app:1"
        let digest = try await caasctl(["build", "app", "--tag", reference]).succeed()
        let pushed = try await caasctl(["push", reference]).run()
        #expect(pushed.status == 0)
        #expect(pushed.output == "\(registry.host)/me/app@\(digest)\n")
        #expect(pushed.errors.contains("2 of 2 blobs sent"))
        for tag in ["1", String(digest.dropFirst("sha256:".count).prefix(12))] {
            try await Command(
                "skopeo",
                [
                    "copy", "--src-tls-verify=false", "docker://\(registry.host)/me/app:\(tag)",
                    "oci:\(folder("copy")):\(tag)",
                ]
            ).succeed()
        }
        try await Command(
            "umoci", ["unpack", "--rootless", "--image", "\(folder("copy")):1", folder("bundle").string]
        ).succeed()
        #expect(try FileSystem.read(folder("bundle/rootfs/opt/app/text")) == Array("one".utf8))

        let json = try JSONValue(parsing: try await caasctl(["push", reference, "--json"]).succeed())
        #expect(try json.text("digest") == digest)
        #expect(try json.texts("tags") == ["1", String(digest.dropFirst(7).prefix(12))])
        #expect(try json.whole("present") == 2)
        #expect(try json.whole("sent_bytes") == 0)

        let short = String(digest.dropFirst(7).prefix(12))
        let said = try await caasctl(["push", reference]).run()
        #expect(said.errors.contains("\ntagged 1 and \(short)\n"), "\(said.errors)")
        for verb in [["push"], ["image", "copy", reference]] {
            let name = "\(registry.host)/\(verb[0])/alone"
            let alone = "\(name):1"
            try await caasctl(["image", "copy", "store:\(reference)", "store:\(alone)"]).succeed()
            let outcome = try await caasctl(verb + [alone, "--no-digest-tag"]).run()
            #expect(outcome.status == 0 && outcome.errors.contains("\ntagged 1\n"), "\(outcome.errors)")
            #expect(try await caasctl(["registry", "tags", name]).succeed() == "1")
        }
    }

    @Test func `an image on a base of another registry arrives whole`() async throws {
        let (registry, other) = (try await DockerRegistry(), try await DockerRegistry())
        let base = "\(other.host)/base:1"
        _ = try await caasctl(["build", "app", "--tag", base, "--push"]).succeed()
        try write("top", base: base, content: "two")
        let reference = "\(registry.host)/top:1"
        try await caasctl(["build", "top", "--tag", reference], environment: ["CAASCTL_HOME": folder("second").string])
            .succeed()
        try await caasctl(["push", reference], environment: ["CAASCTL_HOME": folder("second").string]).succeed()
        try await Command(
            "skopeo", ["copy", "--src-tls-verify=false", "docker://\(reference)", "oci:\(folder("copy")):1"]
        ).succeed()
        try await Command(
            "umoci", ["unpack", "--rootless", "--image", "\(folder("copy")):1", folder("bundle").string]
        ).succeed()
        #expect(try FileSystem.read(folder("bundle/rootfs/opt/app/text")) == Array("one".utf8))
        #expect(try FileSystem.read(folder("bundle/rootfs/opt/top/text")) == Array("two".utf8))
    }

    @Test func `a user in the environment file comes before docker's, and a wrong password is explained`() async throws
    {
        let registry = try await DockerRegistry(.user("me", password: "right password"))
        let reference = "\(registry.host)/app:1"
        let digest = try await caasctl(["build", "app", "--tag", reference]).succeed()
        let file = try folder.write("env", "REGISTRY_USERNAME=me\nREGISTRY_PASSWORD='right password'\n", mode: 0o600)
        #expect(
            try await caasctl(["push", reference, "--env-file", file.string]).succeed()
                == "\(registry.host)/app@\(digest)")
        let wrong = try await caasctl(
            ["push", reference], environment: ["REGISTRY_USERNAME": "me", "REGISTRY_PASSWORD": "wrong password"]
        ).run()
        #expect(wrong.status == 1)
        #expect(wrong.output.isEmpty)
        let error = try #require(wrong.errors.split(separator: "\n").last)
        let expected = try Regex(
            "Error: cannot push \(reference): HEAD http://\(registry.host)/v2/app/blobs/sha256:[0-9a-f]{64} answered "
                + "401 Unauthorized: authentication required \\(UNAUTHORIZED\\); user 'me' from REGISTRY_USERNAME and REGISTRY_PASSWORD; "
                + "asked for repository:app:pull,push")
        #expect(error.wholeMatch(of: expected) != nil, "\(error)")
        #expect(!wrong.errors.contains("wrong password"))
    }

    @Test func `a build that pushes says early that the password is wrong, and fails in the end`() async throws {
        let registry = try await DockerRegistry(.user("me", password: "right password"))
        let reference = "\(registry.host)/app:1"
        let build = caasctl(
            ["build", "app", "--tag", reference, "--push"],
            environment: ["REGISTRY_USERNAME": "me", "REGISTRY_PASSWORD": "wrong password"])
        let wrong = try await build.run()
        #expect(wrong.status == 1 && wrong.output.isEmpty)
        let warning = "warning: the image will not get into \(registry.host)/app so: "
        let warned = try #require(wrong.errors.firstRange(of: warning)?.lowerBound)
        let failed = try #require(wrong.errors.firstRange(of: "Error: cannot push \(reference): ")?.lowerBound)
        #expect(warned < failed)
        // The image is in the store nevertheless.
        try await caasctl(
            ["push", reference], environment: ["REGISTRY_USERNAME": "me", "REGISTRY_PASSWORD": "right password"]
        ).succeed()
    }

    @Test func `a name that no image here has is an error that says what to type`() async throws {
        let outcome = try await caasctl(["push", "ghcr.io/me/app:1"]).run()
        #expect(outcome.status == 1)
        #expect(
            outcome.errors == "Error: cannot push ghcr.io/me/app:1: no image here has this name; "
                + "type: caasctl build IMAGE --tag ghcr.io/me/app:1\n")
        let bad = try await caasctl(["push", "ghcr.io/me/App"]).run()
        #expect(bad.status == 1)
        #expect(try await caasctl(["push"]).run().status == 64)
    }
}
