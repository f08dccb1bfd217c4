private import Hashing
import Wording

/// The digest of content: `sha256:` and 64 hexadecimal digits.
///
/// sha512 is registered too, but no known registry serves it, so it is rejected.
/// Source: <https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests>.
package struct Digest: Sendable, Hashable, CustomStringConvertible {
    /// The 64 lower-case hexadecimal digits.
    package let hexadecimal: String

    /// Parses `sha256:<64 hex digits>`.
    package init(_ text: String) throws {
        let digits = text.dropFirst("sha256:".count)
        guard text.hasPrefix("sha256:"), digits.utf8.count == 64,
            digits.utf8.allSatisfy({ "0123456789abcdef".utf8.contains($0) })
        else { throw Failure("read digest '\(text)'", "it is not sha256: and 64 hexadecimal digits") }
        hexadecimal = String(digits)
    }

    /// Creates a digest from a finished SHA-256 hash of 32 bytes.
    package init(sha256 hash: [UInt8]) {
        precondition(hash.count == SHA256.byteCount)
        hexadecimal = hash.hexadecimal
    }

    /// Computes the digest of bytes in memory.
    package init(of content: some Collection<UInt8>) { self.init(sha256: SHA256.hash(content)) }

    /// The digest in the form `sha256:…`.
    package var description: String { "sha256:\(hexadecimal)" }
    /// The first twelve digits, for display and tags.
    package var short: String { String(hexadecimal.prefix(12)) }
}
