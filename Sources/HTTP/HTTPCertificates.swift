package import SystemPackage

/// Whom to trust, and how to show who we are, where a server wants TLS.
package struct HTTPCertificates: Sendable, Equatable {
    /// Certificates to trust, as PEM, instead of the system's bundle; nil for the bundle.
    package var authorities: FilePath?
    /// The same as bytes, for what was read from several files; they go before the file.
    package var authorityBytes: [UInt8]?
    /// Our own certificate with its chain, as PEM, for servers that ask for one.
    package var client: FilePath?
    /// Its private key, as PEM; nil where the certificate's file holds it too.
    package var clientKey: FilePath?

    /// The system's bundle, and no certificate of our own.
    package init() {}
}
