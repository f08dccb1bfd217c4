package import SystemPackage

/// A certificate authority for one test; its certificates are made by the openssl program.
package final class CertificateAuthority: Sendable {
    /// The PEM files of a certificate and its key.
    package struct Issued: Sendable {
        package let certificate: FilePath
        package let key: FilePath

        /// Combines a certificate and a key, whether they belong together or not.
        package init(certificate: FilePath, key: FilePath) {
            self.certificate = certificate
            self.key = key
        }
    }

    private static let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    private let folder: TemporaryFolder

    /// Creates the authority's key and certificate.
    package init() async throws {
        folder = try TemporaryFolder()
        try await openssl(
            ["req", "-x509"] + Self.key + [
                "-days", "2", "-subj", "/CN=an authority", "-keyout", "ca.key", "-out", "ca.pem",
            ]
        )
    }

    package var certificate: FilePath { folder("ca.pem") }

    /// Issues a certificate for names such as `IP:127.0.0.1,DNS:localhost`; with `days` -1 it has expired.
    package func issue(_ name: String, for names: String, days: Int = 2) async throws -> Issued {
        try await openssl(
            ["req"] + Self.key + [
                "-subj", "/CN=\(name)", "-addext", "subjectAltName=\(names)", "-keyout", "\(name).key", "-out",
                "\(name).csr",
            ])
        try await openssl([
            "x509", "-req", "-in", "\(name).csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-copy_extensions", "copy", "-days", "\(days)", "-out", "\(name).pem",
        ])
        return Issued(certificate: folder("\(name).pem"), key: folder("\(name).key"))
    }

    /// Issues a self-signed certificate, which no authority vouches for.
    package func issueSelfSigned(_ name: String, for names: String) async throws -> Issued {
        try await openssl(
            ["req", "-x509"] + Self.key + [
                "-days", "2", "-subj", "/CN=\(name)", "-addext", "subjectAltName=\(names)", "-keyout", "\(name).key",
                "-out", "\(name).pem",
            ])
        return Issued(certificate: folder("\(name).pem"), key: folder("\(name).key"))
    }

    private func openssl(_ arguments: [String]) async throws {
        try await Command("openssl", arguments, in: folder.path).succeed()
    }
}
