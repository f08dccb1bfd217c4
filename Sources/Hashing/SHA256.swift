private import CLibCrypto

/// A running SHA-256 (FIPS 180-4), computed by libcrypto.
///
/// Bytes are lent and never kept. Source: <https://docs.openssl.org/3.0/man3/EVP_DigestInit/>.
package struct SHA256: ~Copyable {
    /// The length of a digest in bytes.
    package static let byteCount = 32

    private var context: DigestContext

    /// Begins with no bytes.
    package init() { context = DigestContext(.sha256) }

    /// Adds bytes.
    package mutating func update(_ bytes: RawSpan) { context.update(bytes) }

    /// Adds bytes.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) { context.update(bytes) }

    /// The digest of everything added so far, 32 bytes.
    package consuming func finish() -> [UInt8] { context.finish(byteCount: Self.byteCount) }

    /// The digest of bytes that are all there.
    package static func hash(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var hash = SHA256()
        let array = Array(bytes)
        hash.update(array.span.bytes)
        return hash.finish()
    }
}

/// A running MD5 (RFC 1321), only for ETags and Content-MD5: it proves nothing against an attacker.
package struct MD5: ~Copyable {
    private var context: DigestContext

    /// Begins with no bytes.
    package init() { context = DigestContext(.md5) }

    /// Adds bytes.
    package mutating func update(_ bytes: RawSpan) { context.update(bytes) }

    /// Adds bytes.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) { context.update(bytes) }

    /// The digest of everything added so far, 16 bytes.
    package consuming func finish() -> [UInt8] { context.finish(byteCount: 16) }

    /// The digest of bytes that are all there.
    package static func hash(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var hash = MD5()
        let array = Array(bytes)
        hash.update(array.span.bytes)
        return hash.finish()
    }
}
