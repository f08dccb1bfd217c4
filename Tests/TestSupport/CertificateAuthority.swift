package import SystemPackage

/// An authority of a test's own, whose certificates openssl's own program makes.
package final class CertificateAuthority: Sendable {
    /// A certificate with its key, as PEM.
    package struct Issued: Sendable {
        /// The certificate.
        package let certificate: FilePath
        /// Its key.
        package let key: FilePath

        /// A certificate and a key, whether they belong together or not.
        package init(certificate: FilePath, key: FilePath) {
            self.certificate = certificate
            self.key = key
        }
    }

    private static let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    private let folder: TemporaryFolder

    /// Makes the authority.
    package init() async throws {
        folder = try TemporaryFolder()
        try await openssl(
            ["req", "-x509"] + Self.key + [
                "-days", "2", "-subj", "/CN=an authority", "-keyout", "ca.key", "-out", "ca.pem",
            ]
        )
    }

    /// The authority's own certificate.
    package var certificate: FilePath { folder("ca.pem") }

    /// A certificate for these names, as in `IP:127.0.0.1,DNS:localhost`; one of -1 days is over.
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

    /// A certificate that nobody but itself signs.
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
