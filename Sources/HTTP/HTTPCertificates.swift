public import SystemPackage

/// Whom to trust, and how to show who we are, where a server wants TLS.
public struct HTTPCertificates: Sendable, Equatable {
    /// Certificates to trust, as PEM, instead of the system's bundle; nil for the bundle.
    public var authorities: FilePath?
    /// The same as bytes, for what was read from several files; they go before the file.
    public var authorityBytes: [UInt8]?
    /// Our own certificate with its chain, as PEM, for servers that ask for one.
    public var client: FilePath?
    /// Its private key, as PEM; nil where the certificate's file holds it too.
    public var clientKey: FilePath?

    /// The system's bundle, and no certificate of our own.
    public init() {}
}
