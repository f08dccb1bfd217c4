package import SystemPackage

/// The trusted authorities and the client certificate for TLS.
package struct HTTPCertificates: Sendable, Equatable {
    /// A PEM file with the certificates to trust instead of the system's bundle; nil for the bundle.
    package var authorities: FilePath?
    /// PEM bytes with the certificates to trust, read from several files; they take precedence over the file.
    package var authorityBytes: [UInt8]?
    /// A PEM file with the client certificate and its chain, for servers that ask for one.
    package var client: FilePath?
    /// A PEM file with the private key; nil where the certificate's file contains it.
    package var clientKey: FilePath?

    /// The system's bundle, and no client certificate.
    package init() {}
}
