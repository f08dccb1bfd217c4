import Hashing
import Synchronization

/// The ETags that objects uploaded by this process should have, by upload token.
final class ExpectedETags: Sendable {
    /// Enough for the files of many checkpoints; an object whose ETag was dropped is verified by reading it back.
    private static let most = 4096
    private let known: Mutex<[String: String]> = Mutex([:])

    subscript(token: String) -> String? { known.withLock { $0[token] } }

    func remember(_ etag: String?, for token: String) {
        guard let etag else { return }
        known.withLock { known in
            if known.count >= Self.most { known.removeAll() }
            known[token] = etag
        }
    }

    /// Returns the ETag of a multipart object: the MD5 of its parts' MD5s, followed by the number of parts.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html#large-object-checksums>
    static func combined(_ parts: [String]) -> String? {
        var bytes: [UInt8] = []
        for part in parts {
            guard let digest = [UInt8](hexadecimal: part), digest.count == 16 else { return nil }
            bytes += digest
        }
        return "\(MD5.hash(bytes).hexadecimal)-\(parts.count)"
    }
}
