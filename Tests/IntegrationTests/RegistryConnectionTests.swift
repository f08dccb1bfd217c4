import POSIX
import SystemPackage
import TestSupport
import Testing

/// Tests of connections through proxies, with private certificate authorities, and over plain HTTP.
@Suite struct RegistryConnectionTests {
    private static let password = "correct horse: battery"
    private let user: Stranger
    private var folder: TemporaryFolder { user.folder }

    init() throws { user = try Stranger() }

    private func caasctl(_ arguments: [String], _ environment: [String: String?] = [:]) -> Command {
        user.caasctl(arguments, environment)
    }

    private func registry(_ names: String, by authority: CertificateAuthority) async throws -> DockerRegistry {
        try await DockerRegistry(
            .user("me", password: Self.password),
            listening: .init(certificate: try await authority.issue("server", for: names)))
    }

    @Test func `a registry behind a proxy is logged in to, pushed to and inspected, and the proxy learns no secret`()
        async throws
    {
        let authority = try await CertificateAuthority()
        let registry = try await registry("DNS:registry.test", by: authority)
        let proxy = try await LoopbackProxy(to: ["registry.test:5443": registry.port])
        let reference = "registry.test:5443/me/app:1"
        let digest = try await caasctl(["build", "app", "--tag", reference]).succeed()
        let way = ["HTTPS_PROXY": proxy.url]
        let trust = ["--ca-file", authority.certificate.string]
        try await caasctl(["login", "registry.test:5443", "--username", "me", "--password-stdin"] + trust, way)
            .succeed(input: Self.password)
        #expect(try await caasctl(["push", reference] + trust, way).succeed() == "registry.test:5443/me/app@\(digest)")
        // The other option for an authority, and the other spelling of the proxy variable.
        let told = ["https_proxy": proxy.url, "SSL_CERT_FILE": authority.certificate.string]
        try await caasctl(["image", "inspect", "\(reference)@\(digest)"], told).succeed()
        #expect(proxy.heads.count >= 3)
        #expect(proxy.heads.allSatisfy { $0.hasPrefix("CONNECT registry.test:5443 HTTP/1.1\r\n") })
        #expect(!proxy.heads.contains { $0.lowercased().contains("authorization") }, "\(proxy.heads)")

        let before = proxy.heads.count
        let direct = way.merging(["NO_PROXY": "example.test,registry.test"]) { $1 }
        let unknown = try await caasctl(["image", "inspect", "\(reference)@\(digest)"] + trust, direct).run()
        #expect(unknown.status == 1 && unknown.errors.contains("registry.test"), "\(unknown.errors)")
        #expect(proxy.heads.count == before)
    }

    @Test func `a proxy that refuses is said to be the one who does`() async throws {
        let proxy = try await LoopbackProxy(to: [:], refusal: "407 Proxy Authentication Required")
        let outcome = try await caasctl(["image", "inspect", "registry.test/app:1"], ["HTTPS_PROXY": proxy.url]).run()
        #expect(
            outcome.errors
                == "Error: cannot look at image registry.test/app:1: GET https://registry.test/v2/app/manifests/1: the "
                + "proxy answered 407 to CONNECT registry.test\n")
        #expect(proxy.heads.count == 1)
    }

    @Test func `a registry of this machine is never looked for at a proxy`() async throws {
        let registry = try await DockerRegistry()
        let proxy = try await LoopbackProxy(to: [:])
        let names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
        let everywhere = Dictionary(uniqueKeysWithValues: names.map { ($0, String?.some(proxy.url)) })
        for host in [registry.host, "localhost:\(registry.port)"] {
            try await caasctl(["build", "app", "--tag", "\(host)/app:1", "--push"], everywhere).succeed()
        }
        #expect(proxy.heads == [])
    }

    @Test func `plain HTTP leaves this machine only for who says so`() async throws {
        let proxy = try await LoopbackServer { _ in .answer(404, text: "seen") }
        let way: [String: String?] = ["HTTP_PROXY": "http://\(proxy.host)"]
        let said = try await caasctl(["image", "inspect", "registry.test/app:1", "--plain-http"], way).run()
        #expect(said.status == 1 && said.errors.contains("GET http://registry.test/v2/app/manifests/1 answered 404"))
        #expect(proxy.requests.first?.target == "http://registry.test/v2/app/manifests/1")
        let unsaid = try await caasctl(["image", "inspect", "registry.test/app:1"], way).run()
        #expect(unsaid.errors.contains("GET https://registry.test/v2/app/manifests/1: "), "\(unsaid.errors)")
    }

    @Test func `a registry of this machine that speaks TLS is reached by --no-plain-http`() async throws {
        let authority = try await CertificateAuthority()
        let registry = try await registry("IP:127.0.0.1", by: authority)
        let login = ["login", registry.host, "--username", "me", "--password-stdin"]
        let plain = try await caasctl(login).run(input: Self.password)
        #expect(
            plain.status == 1 && plain.errors.contains("--no-plain-http says that it speaks TLS"), "\(plain.errors)")
        let trusting = ["--no-plain-http", "--ca-file", authority.certificate.string]
        try await caasctl(login + trusting).succeed(input: Self.password)
    }

    @Test(arguments: [
        (["--client-key", "images/app/image.yaml"], "--client-key is the key of --client-cert, which is missing"),
        (["--ca-file", "none.pem"], "--ca-file none.pem: there is no such file"),
    ])
    func `options that cannot be are refused`(options: [String], words: String) async throws {
        let outcome = try await caasctl(["push", "r.io/a:1"] + options).run()
        #expect(outcome.status == 64 && outcome.errors.contains(words), "\(outcome.errors)")
    }
}
