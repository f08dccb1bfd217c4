import JSON
import OCI
import POSIX
import SystemPackage
import TestSupport
import Testing

/// Tests in which independent clients read images that caasctl pushed, and caasctl reads images that they pushed.
@Suite struct ClientJudgeTests {
    private static let password = "correct horse: battery"
    private let user: Stranger
    private var folder: TemporaryFolder { user.folder }

    init() throws { user = try Stranger() }

    private func caasctl(_ arguments: [String], _ environment: [String: String?] = [:]) -> Command {
        user.caasctl(arguments, environment)
    }

    private func buildah(_ arguments: [String]) -> Command {
        let places = ["--root", folder("buildah/root").string, "--runroot", folder("buildah/run").string]
        return Command("buildah", places + ["--storage-driver", "vfs"] + arguments, in: folder.path)
    }

    /// Two Python clients: each prints the digest of every blob that it pulled, calculated from the content.
    private static let clients = [
        """
        import hashlib, json, os, sys
        from dxf import DXF
        host, repository, tag = sys.argv[1:]
        client = DXF(host, repository, lambda dxf, response: dxf.authenticate('me', os.environ['PASSWORD'], response=response))
        manifest = json.loads(client.get_manifest(tag))
        for blob in [manifest['config']] + manifest['layers']:
            print('sha256:' + hashlib.sha256(b''.join(client.pull_blob(blob['digest']))).hexdigest())
        """,
        """
        import hashlib, os, sys
        import oras.client, oras.container
        host, repository, tag = sys.argv[1:]
        client = oras.client.OrasClient(hostname=host, auth_backend='basic')
        client.auth.set_basic_auth('me', os.environ['PASSWORD'])
        container = oras.container.Container(f'{host}/{repository}:{tag}')
        manifest = client.get_manifest(container)
        for blob in [manifest['config']] + manifest['layers']:
            client.download_blob(container, blob['digest'], 'blob')
            print('sha256:' + hashlib.sha256(open('blob', 'rb').read()).hexdigest())
        """,
    ]

    @Test func `dxf and oras read what we pushed over TLS with a password`() async throws {
        let authority = try await CertificateAuthority()
        let registry = try await DockerRegistry(
            .user("me", password: Self.password),
            listening: .init(certificate: try await authority.issue("server", for: "IP:127.0.0.1")))
        let reference = "\(registry.host)/some/app:1"
        try await caasctl(["build", "app", "--tag", reference]).succeed()
        let reaching = ["--no-plain-http", "--ca-file", authority.certificate.string]
        try await caasctl(["push", reference, "--username", "me", "--password-stdin"] + reaching)
            .succeed(input: Self.password)
        let shown = try JSONValue(parsing: try await caasctl(["image", "inspect", reference, "--json"]).succeed())
        let layers = try #require(shown["images"]?.array?.first?["layers"]?.array?.compactMap { $0["digest"]?.string })
        #expect(layers.count == 2)
        for client in Self.clients {
            let printed = try await Command(
                Checkout.python, ["-c", client, registry.host, "some/app", "1"],
                environment: [
                    "PASSWORD": Self.password, "REQUESTS_CA_BUNDLE": authority.certificate.string,
                    "HOME": folder("python").string,
                ], in: folder.path
            ).succeed()
            #expect(printed.split(separator: "\n").dropFirst().map(String.init) == layers, "\(printed)")
        }
    }

    @Test func `podman pulls what we pushed`() async throws {
        let registry = try await DockerRegistry()
        let reference = "\(registry.host)/some/app:1"
        let digest = try await caasctl(["build", "app", "--tag", reference, "--push"]).succeed()
        let helper = try await Command("sh", ["-c", "command -v conmon"]).succeed()
        let configuration = try folder.write(
            "containers.conf",
            "[engine]\nconmon_path = [\"\(helper)\"]\nruntime = \"runc\"\nevents_logger = \"none\"\ncgroup_manager = \"cgroupfs\"\n"
        )
        let places = ["--root", folder("podman/root").string, "--runroot", folder("podman/run").string]
        func podman(_ arguments: [String]) -> Command {
            Command(
                "podman", places + ["--storage-driver", "vfs"] + arguments,
                environment: ["CONTAINERS_CONF": configuration.string])
        }
        try await podman(["pull", "--quiet", "--tls-verify=false", reference]).succeed()
        #expect(try await podman(["image", "inspect", "--format", "{{.Digest}}", reference]).succeed() == digest)
    }

    @Test(arguments: ["docker", "oci"]) func `we read what buildah pushed`(format: String) async throws {
        let registry = try await DockerRegistry()
        let container = try await buildah(["from", "scratch"]).succeed()
        try await buildah(["copy", "--quiet", container, folder("images/app/files").string, "/opt"]).succeed()
        try await buildah(["config", "--cmd", "/opt/text", container]).succeed()
        let image = try await buildah(["commit", "--quiet", "--format", format, container]).succeed()
        let reference = "\(registry.host)/theirs/app:1"
        try await buildah([
            "push", "--quiet", "--tls-verify=false", "--format", format == "docker" ? "v2s2" : "oci", image,
            "docker://\(reference)",
        ])
        .succeed()
        try await expectReadable(reference)
    }

    @Test(arguments: [["--format", "v2s2"], ["--format", "oci", "--dest-compress-format", "zstd"]])
    func `we read what skopeo pushed`(flags: [String]) async throws {
        let registry = try await DockerRegistry()
        try await caasctl(["build", "app", "--output", "oci:\(folder("layout")):1", "--tag", "r.io/app:1"]).succeed()
        let reference = "\(registry.host)/theirs/app:1"
        try await Command(
            "skopeo",
            ["copy", "--quiet", "--dest-tls-verify=false"] + flags + [
                "oci:\(folder("layout")):1", "docker://\(reference)",
            ]
        ).succeed()
        try await expectReadable(reference)
        if flags.contains("zstd") {
            let raw = try await Command(
                "skopeo", ["inspect", "--raw", "--tls-verify=false", "docker://\(reference)"]
            ).succeed()
            #expect(raw.contains("tar+zstd"), "\(raw)")
        }
    }

    /// Checks the image with an empty home, which has no part of it cached.
    private func expectReadable(_ reference: String) async throws {
        let home = ["CAASCTL_HOME": folder("fresh").string]
        #expect(try await caasctl(["image", "files", reference, "/opt"], home).succeed().contains("text"))
        let verified = try await caasctl(["image", "verify", reference], home).run()
        #expect(verified.status == 0, "\(verified.output) \(verified.errors)")
    }
}
