import JSON
import OCI
import POSIX
import SystemPackage
import TestSupport
import Testing

/// Tests in which other programs read the outputs of a build.
@Suite struct BuildOutputTests {
    private let fixture: BuildFixture
    private let platforms = "linux/amd64, linux/arm64"

    init() throws { fixture = try BuildFixture() }

    @Test func `an image of two platforms goes to a registry, and each is found there`() async throws {
        try await fixture.writeImage("base", platforms: platforms)
        let registry = try await DockerRegistry()
        let digest = try await fixture.caasctl("build", "base", "--tag", "\(registry.host)/base:1", "--push").succeed()
        let raw = try await Command(
            "skopeo", ["inspect", "--raw", "--tls-verify=false", "docker://\(registry.host)/base:1"]
        ).succeed()
        #expect(Digest(of: Array(raw.utf8)).description == digest)
        try await Command(
            "skopeo",
            [
                "copy", "--quiet", "--multi-arch", "all", "--src-tls-verify=false",
                "docker://\(registry.host)/base:1", "dir:\(fixture.folder("copy"))",
            ]
        ).succeed()
        try fixture.folder.write(
            "images/app/image.yaml",
            "name: app\nbase: \(registry.host)/base:1\nplatforms: [\(platforms)]\nlayers: [{files: {from: x, into: /x}}]"
        )
        try fixture.folder.write("images/app/x/file", "x")
        var other = fixture
        other.home = fixture.folder("other")
        let json = try JSONValue(
            parsing: try await other.caasctl("build", "app", "--json", "--output", "oci:layout:v1").succeed())
        #expect(try json.list("images").map { $0["platform"] } == ["linux/amd64", "linux/arm64"])
        for (number, architecture) in ["amd64", "arm64"].enumerated() {
            let config = try JSONValue(
                parsing: try await Command(
                    "skopeo", ["inspect", "--config", "--override-arch", architecture, "oci:layout:v1"],
                    in: fixture.folder.path
                ).succeed())
            #expect(try config.text("architecture") == architecture)
            #expect(try config.member("rootfs").texts("diff_ids").count == 2)
            #expect(try json.list("images")[number].list("base_layers").count == 1)
        }
        let one = try await other.caasctl("build", "app", "--platform", "linux/arm64").succeed()
        #expect(try json.list("images")[1].text("digest") == one)
        let none = try await other.caasctl("build", "app", "--platform", "linux/s390x").run()
        #expect(none.status == 1)
        #expect(
            none.errors == "Error: cannot build for linux/s390x: 'platforms' in images/app/image.yaml lists "
                + "linux/amd64, linux/arm64\n")
    }

    @Test func `an archive on standard output is the same as in a file, and podman loads it`() async throws {
        try await fixture.writeImage("app", platforms: platforms)
        let script = """
            '\(Checkout.program("caasctl"))' build app --output docker-archive:file.tar --output docker-archive:- \
            --digest-file digest >stream.tar 2>errors && cmp file.tar stream.tar && tail -n1 errors && cat digest
            """
        let printed = try await Command(
            "sh", ["-c", script], environment: ["CAASCTL_HOME": fixture.home.string], in: fixture.folder.path
        ).succeed().split(separator: "\n")
        let digest = try await fixture.caasctl("build", "app").succeed()
        #expect(printed == [Substring(digest), Substring(digest)])
        let podman = [
            "--root", fixture.folder("storage").string, "--runroot", fixture.folder("run").string,
            "--storage-driver", "vfs",
        ]
        if CurrentUser.id == 0 {
            let loaded = try await Command(
                "podman", podman + ["load", "--input", "stream.tar"], in: fixture.folder.path
            )
            .succeed()
            #expect(loaded.hasSuffix("docker.io/library/app:latest"))
            _ = try await Command("podman", podman + ["rmi", "--all", "--force"]).run()
        }
    }

    @Test(arguments: [
        (["--output", "x"], "it is not oci:DIR[:TAG], oci-archive:FILE[:TAG] or docker-archive:FILE[:TAG]"),
        (["--output", "docker-archive:-", "--output", "oci-archive:-"], "only one --output can go to standard output"),
        (["--output", "docker-archive:-", "--json"], "--json and --output docker-archive:- both want standard output"),
        (["--digest-file", "out/"], "'out/' names a folder; name a file in it"),
        (["--platform", "linux"], "cannot read platform 'linux': it is not os/architecture, as in linux/amd64"),
    ])
    func `what cannot be is refused before anything is built`(options: [String], reason: String) async throws {
        try await fixture.writeImage("app")
        var command = fixture.caasctl("build", "app")
        command.arguments += options
        let outcome = try await command.run()
        #expect(outcome.status == 64)
        #expect(outcome.errors.split(separator: "\n").first?.hasSuffix(reason) == true)
        #expect(!FileSystem.exists(fixture.home))
    }

    @Test func `an image tells of its checkout unless it must not`() async throws {
        try await fixture.writeImage("app", platforms: platforms)
        let plain = try await fixture.caasctl("build", "app").succeed()
        try await Command(
            "sh",
            [
                "-ec",
                """
                git init -q; git remote add origin git@example.org:me/app.git; git add images
                git -c user.name=a -c user.email=a@b commit -qm first
                """,
            ], in: fixture.folder.path
        ).succeed()
        let commit = try await Command("git", ["rev-parse", "HEAD"], in: fixture.folder.path).succeed()
        try await fixture.caasctl("build", "app", "--output", "oci:layout:v1").succeed()
        let raw = try await Command("skopeo", ["inspect", "--raw", "oci:layout:v1"], in: fixture.folder.path).succeed()
        #expect(
            try JSONValue(parsing: raw).textMap("annotations") == [
                "org.opencontainers.image.source": "https://example.org/me/app",
                "org.opencontainers.image.revision": commit,
            ])
        #expect(try await fixture.caasctl("build", "app", "--no-git").succeed() == plain)
    }
}
