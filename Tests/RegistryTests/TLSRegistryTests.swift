import HTTP
import OCI
import POSIX
import Registry
import Secrets
import SystemPackage
import TestSupport
import Testing

/// Debian's registry with valid and invalid certificates, which openssl made.
@Suite struct TLSRegistryTests {
    private let authority: CertificateAuthority

    init() async throws { authority = try await CertificateAuthority() }

    private func client(
        trusting file: FilePath? = nil, showing own: CertificateAuthority.Issued? = nil,
        plainHTTP: PlainHTTP = .nowhere, credentials: RegistryCredentials = .none
    ) -> RegistryClient {
        var configuration = HTTPClient.Configuration()
        configuration.certificates.authorities = file
        configuration.certificates.client = own?.certificate
        configuration.certificates.clientKey = own?.key
        return RegistryClient(
            credentials: credentials, http: HTTPClient(configuration), retries: .quick, plainHTTP: plainHTTP)
    }

    private func failure(_ client: RegistryClient, _ registry: DockerRegistry) async throws -> RegistryError {
        let error = await #expect(throws: RegistryError.self) {
            try await client.resolve(Reference("\(registry.host)/app:1"), platform: .current)
        }
        #expect(error?.code == .unreachable)
        return try #require(error)
    }

    @Test func `an authority that is named is trusted, for pushing and for pulling`() async throws {
        let registry = try await DockerRegistry(
            listening: .init(certificate: try await authority.issue("server", for: "IP:127.0.0.1")))
        let image = try SampleImage()
        let reference = try Reference("\(registry.host)/app:1")
        let client = client(trusting: authority.certificate)
        try await client.push(image.descriptor, from: image.store, to: reference)
        try await client.pull(reference, platform: .current, into: try image.emptyStore())
    }

    @Test func `what is wrong with a certificate is said`() async throws {
        let good = try await authority.issue("good", for: "IP:127.0.0.1")
        let help = "; --ca-file FILE names "
        let cases: [(CertificateAuthority.Issued, FilePath?, String)] = [
            (
                good, nil,
                "the certificate of 127.0.0.1 is from an authority that is not trusted here\(help)the certificates of authorities to trust"
            ),
            (
                try await authority.issueSelfSigned("alone", for: "IP:127.0.0.1"), authority.certificate,
                "the certificate of 127.0.0.1 is signed by itself, and is not trusted here\(help)certificates to trust, this one too"
            ),
            (
                try await authority.issue("over", for: "IP:127.0.0.1", days: -1), authority.certificate,
                "the certificate of 127.0.0.1 has expired, or the clock of this machine is wrong"
            ),
            (
                try await authority.issue("other", for: "DNS:registry.test,IP:127.0.0.9"), authority.certificate,
                "the certificate is not for 127.0.0.1, but for another host"
            ),
        ]
        for (certificate, trusted, reason) in cases {
            let registry = try await DockerRegistry(listening: .init(certificate: certificate))
            let error = try await failure(client(trusting: trusted), registry)
            #expect(
                error.description
                    == "cannot find image \(registry.host)/app:1: GET https://\(registry.host)/v2/app/manifests/1: \(reason)"
            )
        }
    }

    @Test func `TLS where there is none, and none where there is TLS, are told apart`() async throws {
        let plain = try await DockerRegistry()
        let first = try await failure(client(), plain)
        #expect(
            first.reason == "GET https://\(plain.host)/v2/app/manifests/1: \(plain.host) does not speak TLS there, "
                + "but perhaps plain HTTP; where it is meant to, --plain-http says so")
        let secure = try await DockerRegistry(
            listening: .init(certificate: try await authority.issue("server", for: "IP:127.0.0.1")))
        let second = try await failure(client(plainHTTP: .onThisMachine), secure)
        #expect(
            second.reason
                == "GET http://\(secure.host)/v2/ answered 400 Bad Request: Client sent an HTTP request to an "
                + "HTTPS server.; --no-plain-http says that it speaks TLS")
    }

    @Test func `a registry that wants a certificate gets it, and one without is told`() async throws {
        let server = try await authority.issue("server", for: "IP:127.0.0.1")
        let mine = try await authority.issue("me", for: "DNS:me")
        let others = try await CertificateAuthority()
        let registry = try await DockerRegistry(
            listening: .init(certificate: server, clientAuthority: authority.certificate))
        let image = try SampleImage(layers: [300_000])
        let reference = try Reference("\(registry.host)/app:1")
        try await client(trusting: authority.certificate, showing: mine)
            .push(image.descriptor, from: image.store, to: reference)

        // If the registry closes the connection before its alert is read, the error can only report the closing.
        let closed = ", right after the handshake, as by a server that wants another client certificate"
        let without = try await failure(client(trusting: authority.certificate), registry)
        let wanted =
            "\(registry.host) wants a client certificate, and none was given; --client-cert FILE with --client-key FILE "
            + "gives one"
        #expect(without.reason.hasSuffix(wanted) || without.reason.hasSuffix(closed), "\(without)")
        let theirs = try await others.issue("me", for: "DNS:me")
        let wrong = try await failure(client(trusting: authority.certificate, showing: theirs), registry)
        let refused = "\(registry.host) does not take our client certificate"
        #expect(wrong.reason.hasSuffix(refused) || wrong.reason.hasSuffix(closed), "\(wrong)")
        let mixed = CertificateAuthority.Issued(certificate: mine.certificate, key: theirs.key)
        let unusable = try await failure(client(trusting: authority.certificate, showing: mixed), registry)
        #expect(unusable.reason.contains("a file of certificates cannot be used: "), "\(unusable)")
    }

    @Test func `tokens and a client's certificate go together`() async throws {
        let tokens = try await TokenServer(user: "me", password: "a password")
        try await tokens.allow("repository:app:pull,push")
        try await tokens.allow("repository:app:pull")
        let mine = try await authority.issue("me", for: "DNS:me")
        let registry = try await DockerRegistry(
            .tokens(
                realm: tokens.server.url("/token").text, service: TokenServer.service, issuer: TokenServer.issuer,
                certificate: tokens.certificate),
            listening: .init(
                certificate: try await authority.issue("server", for: "IP:127.0.0.1"),
                clientAuthority: authority.certificate))
        var credentials = RegistryCredentials.none
        credentials.add(.password(user: "me", Secret("a password"), from: "a test"), for: registry.host)
        let image = try SampleImage()
        let reference = try Reference("\(registry.host)/app:1")
        let client = client(trusting: authority.certificate, showing: mine, credentials: credentials)
        try await client.push(image.descriptor, from: image.store, to: reference)
        try await client.pull(reference, platform: .current, into: try image.emptyStore())
        #expect(tokens.server.requests.count == 2)
    }

    @Test func `docker's folders of certificates are read for their registry alone`() async throws {
        let server = try await authority.issue("server", for: "IP:127.0.0.1")
        let mine = try await authority.issue("me", for: "DNS:me")
        let registry = try await DockerRegistry(
            listening: .init(certificate: server, clientAuthority: authority.certificate))
        let folder = try TemporaryFolder()
        let other = try await CertificateAuthority()
        func copy(_ file: FilePath, as name: String) throws {
            try folder.write(name, String(decoding: FileSystem.read(file), as: UTF8.self))
        }
        try copy(other.certificate, as: "\(registry.host)/a.crt")
        try copy(authority.certificate, as: "\(registry.host)/b.crt")
        try copy(mine.certificate, as: "\(registry.host)/client.cert")
        try copy(mine.key, as: "\(registry.host)/client.key")
        var configuration = HTTPClient.Configuration()
        let folders = CertificateFolders([folder("none"), folder.path])
        configuration.hostCertificates = { folders.certificates(for: $0, otherwise: HTTPCertificates()) }
        let client = RegistryClient(
            credentials: .none, http: HTTPClient(configuration), retries: .quick, plainHTTP: .nowhere)
        let image = try SampleImage(layers: [300])
        try await client.push(image.descriptor, from: image.store, to: try Reference("\(registry.host)/app:1"))
        let second = try await DockerRegistry(listening: .init(certificate: server))
        #expect(try await failure(client, second).reason.contains("not trusted here"))
        // The authorities that apply everywhere are trusted in addition to those of the folder.
        let third = try await DockerRegistry(
            listening: .init(certificate: try await other.issue("third", for: "IP:127.0.0.1")))
        try copy(authority.certificate, as: "\(third.host)/a.crt")
        var everywhere = HTTPCertificates()
        everywhere.authorities = other.certificate
        let both = folders.certificates(
            for: HTTPURL(scheme: "https", host: "127.0.0.1", port: third.port, target: "/"), otherwise: everywhere)
        configuration.hostCertificates = { _ in both }
        let trusting = RegistryClient(
            credentials: .none, http: HTTPClient(configuration), retries: .quick, plainHTTP: .nowhere)
        try await trusting.push(image.descriptor, from: image.store, to: try Reference("\(third.host)/app:1"))
    }

    @Test func `a registry at an IPv6 address is pushed to and pulled from`() async throws {
        let registry = try await DockerRegistry(listening: .init("[::1]"))
        #expect(registry.host.hasPrefix("[::1]:"))
        let image = try SampleImage()
        let reference = try Reference("\(registry.host)/some/app:1")
        let client = RegistryClient(credentials: .none, retries: .quick)
        try await client.push(image.descriptor, from: image.store, to: reference)
        try await client.pull(reference, platform: .current, into: try image.emptyStore())
        #expect(try await client.resolve(reference, platform: .current).reference.registry == registry.host)
        let error = await #expect(throws: RegistryError.self) {
            try await client.resolve(Reference("\(registry.host)/none:1"), platform: .current)
        }
        #expect(error?.reason.hasPrefix("GET http://\(registry.host)/v2/none/manifests/1 answered 404") == true)
    }
}
