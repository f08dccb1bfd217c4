private import CLibCrypto

/// An incremental SHA-256 (FIPS 180-4), computed by libcrypto.
///
/// It does not keep the bytes that it is given. <https://docs.openssl.org/3.0/man3/EVP_DigestInit/>
package struct SHA256: ~Copyable {
    /// The length of a digest in bytes.
    package static let byteCount = 32

    private var context: DigestContext

    package init() { context = DigestContext(.sha256) }

    package mutating func update(_ bytes: RawSpan) { context.update(bytes) }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) { context.update(bytes) }

    /// Returns the digest of all bytes added so far, 32 bytes.
    package consuming func finish() -> [UInt8] { context.finish(byteCount: Self.byteCount) }

    /// Returns the digest of the bytes.
    package static func hash(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var hash = SHA256()
        let array = Array(bytes)
        hash.update(array.span.bytes)
        return hash.finish()
    }
}

/// An incremental MD5 (RFC 1321), only for ETags and Content-MD5: it offers no protection against an attacker.
package struct MD5: ~Copyable {
    private var context: DigestContext

    package init() { context = DigestContext(.md5) }

    package mutating func update(_ bytes: RawSpan) { context.update(bytes) }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) { context.update(bytes) }

    /// Returns the digest of all bytes added so far, 16 bytes.
    package consuming func finish() -> [UInt8] { context.finish(byteCount: 16) }

    /// Returns the digest of the bytes.
    package static func hash(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var hash = MD5()
        let array = Array(bytes)
        hash.update(array.span.bytes)
        return hash.finish()
    }
}
