import JSON
import OCI
import POSIX
import SystemPackage
import TestSupport
import Testing

/// Tests of copies between all kinds of places, checked by independent programs.
@Suite struct CopyCommandTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write(
            "images/app/image.yaml",
            """
            name: app
            base: scratch
            platforms: [linux/amd64, linux/arm64]
            layers:
              - files: {from: files, into: /opt/app}
            command: [/bin/true]

            """)
        try folder.write("images/app/files/text", "one")
    }

    private func caasctl(_ arguments: [String]) -> Command {
        .caasctl(arguments, in: folder, environment: ["HOME": folder("user").string])
    }

    @Test func `an index goes from registry to registry and back into an archive with every byte as it was`()
        async throws
    {
        let (registry, other) = (try await DockerRegistry(), try await DockerRegistry())
        let first = "\(registry.host)/me/app:1"
        let digest = try await caasctl(["build", "app", "--tag", first, "--push"]).succeed()
        let home = ["CAASCTL_HOME": folder("second").string]
        func second(_ arguments: [String]) -> Command {
            .caasctl(arguments, in: folder, environment: home)
        }
        let target = "\(other.host)/copy/app:2"
        #expect(try await second(["image", "copy", first, target]).succeed() == "\(other.host)/copy/app@\(digest)")
        #expect(
            try await second(["image", "copy", "docker://\(target)", "oci-archive:\(folder("app.tar")):x"]).succeed()
                == digest)
        let raw = try await Command("skopeo", ["inspect", "--raw", "oci-archive:\(folder("app.tar")):x"]).succeed()
        #expect("\(Digest(of: Array(raw.utf8)))" == digest)
        #expect(
            try await second(["image", "copy", "oci-archive:\(folder("app.tar")):x", "store:mine"]).succeed() == digest)
        #expect(try await second(["image", "verify", "mine"]).run().status == 0)

        let arm = try await second(["image", "copy", target, "store:arm", "--platform", "linux/arm64"]).succeed()
        #expect(arm != digest)
        let tags = try await second(["registry", "tags", "\(other.host)/copy/app"]).succeed()
        #expect(tags.split(separator: "\n").contains("2"))
        let refused = try await second(["registry", "rm", "\(other.host)/copy/app@\(digest)"]).run()
        #expect(refused.status == 1 && refused.errors.contains("add --yes"))
        #expect(try await second(["registry", "rm", "\(other.host)/copy/app@\(digest)", "--yes"]).run().status == 0)
        #expect(try await second(["image", "copy", target, "store:gone"]).run().status == 1)
    }

    @Test func `what skopeo saved for docker becomes the same image again`() async throws {
        _ = try await caasctl(["build", "app", "--platform", "linux/amd64", "--output", "oci:out:1"]).succeed()
        let saved = "docker-archive:\(folder("saved.tar"))"
        try await Command("skopeo", ["copy", "oci:\(folder("out")):1", "\(saved):me/app:1"]).succeed()
        let digest = try await caasctl(["image", "copy", saved, "store:saved"]).succeed()
        #expect(digest.hasPrefix("sha256:"))
        // An image that is named by its place is read from there, without a request to a registry.
        for place in ["saved", "store:saved", saved, "\(saved):me/app:1"] {
            let outcome = try await caasctl(["image", "verify", place]).run()
            #expect(outcome.status == 0 && outcome.output.contains("valid: \(place): 1 manifest"), "\(outcome.errors)")
        }
        let none = try await caasctl(["image", "verify", "store:none"]).run()
        #expect(none.status == 2 && none.errors.contains("no image here has this name or digest"))
        let config = try await Command("skopeo", ["inspect", "--config", "--raw", "\(saved)"]).succeed()
        try await caasctl(["image", "copy", "store:saved", "oci:again:1"]).succeed()
        let again = try await Command("skopeo", ["inspect", "--config", "--raw", "oci:\(folder("again")):1"]).succeed()
        #expect(try JSONValue(parsing: again)["rootfs"] == JSONValue(parsing: config)["rootfs"])
        try await Command(
            "umoci", ["unpack", "--rootless", "--image", "\(folder("again")):1", folder("bundle").string]
        ).succeed()
        #expect(try FileSystem.read(folder("bundle/rootfs/opt/app/text")) == Array("one".utf8))
        // The docker archives of caasctl are OCI layouts too, so that the manifest is preserved.
        let own = try await caasctl(["image", "copy", "store:saved", "docker-archive:own.tar:me/own:1"]).succeed()
        #expect(own == digest)
        #expect(try await caasctl(["image", "copy", "docker-archive:own.tar", "store:own"]).succeed() == digest)
    }

    @Test(arguments: [
        (["image", "copy", "app", "store:x"], "type docker.io/app for Docker Hub's, or store:app for the one here"),
        (["image", "copy", "store:", "store:x"], "names no image"),
        (["image", "copy", "store:nothing", "store:x"], "no image here has this name"),
        (["image", "copy", "oci:nowhere", "store:x"], "nowhere is no OCI layout"),
        (["image", "copy", "docker-archive:images/app/image.yaml", "store:x"], "docker-archive:images/app/image.yaml"),
        (["image", "copy", "store:x", "ghcr.io/a/b@sha256:\(String(repeating: "a", count: 64))"], "cannot be chosen"),
        (["registry", "rm", "ghcr.io/me/app"], "name a tag or a digest"),
        (["registry", "tags", "ghcr.io/me/APP"], "lower case"),
    ])
    func `what cannot be is one line that says what to type`(arguments: [String], words: String) async throws {
        let outcome = try await caasctl(arguments).run()
        #expect(outcome.status != 0 && outcome.output.isEmpty)
        #expect(outcome.errors.contains(words), "\(outcome.errors)")
    }
}
