import HTTP
import SystemPackage
import TestSupport
import Testing

/// Servers with certificates from openssl's own program, self-signed or from a test authority.
@Suite struct CertificateTests {
    @Test func `a certificate counts if its authority is trusted`() async throws {
        let folder = try TemporaryFolder()
        try await Command(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem",
            ], in: folder.path
        ).succeed()
        let server = try RunningProgram(
            "openssl",
            [
                "s_server", "-accept", "127.0.0.1:0", "-www", "-cert", folder("cert.pem").string, "-key",
                folder("key.pem").string,
            ], log: folder("log"))
        let port = try #require(
            try await eventually { server.printed.firstMatch(of: #/ACCEPT 127\.0\.0\.1:(\d+)/#).flatMap { Int($0.1) } })
        let request = HTTPRequest("GET", HTTPURL(scheme: "https", host: "127.0.0.1", port: port, target: "/"))
        let error = await #expect(throws: HTTPError.self) { try await HTTPClient().send(request) }
        #expect(error?.code == .tls)
        #expect(error?.isTransient == false)
        var configuration = HTTPClient.Configuration()
        configuration.certificates.authorities = folder("cert.pem")
        #expect(try await HTTPClient(configuration).send(request).status == 200)
        // The name must match too.
        let other = HTTPRequest("GET", HTTPURL(scheme: "https", host: "127.0.0.2", port: port, target: "/"))
        await #expect(throws: HTTPError.self) { try await HTTPClient(configuration).send(other) }
    }

    @Test func `a server that takes a connection and says nothing is given up`() async throws {
        let authority = try await CertificateAuthority()
        let server = try await DockerRegistry(
            listening: .init(certificate: try await authority.issue("server", for: "IP:127.0.0.1")))
        // The kernel still accepts connections for the stopped server.
        server.pause()
        var configuration = HTTPClient.Configuration()
        configuration.connectSeconds = 1
        let url = HTTPURL(scheme: "https", host: "127.0.0.1", port: server.port, target: "/v2/")
        let error = await #expect(throws: HTTPError.self) {
            try await HTTPClient(configuration).send(HTTPRequest("GET", url))
        }
        #expect(error?.code == .stalled && error?.isTransient == true, "\(error?.description ?? "")")
    }
}
