package import HTTP
import Wording

/// The lifetime of a presigned URL: one second to seven days.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>
package struct PresignedLifetime: Sendable, Hashable {
    /// The longest lifetime that servers accept, in seconds.
    package static let longest = 604_800
    package static let hour = PresignedLifetime(checked: 3600)

    /// At least 1, at most ``longest``.
    package let seconds: Int

    /// Creates a lifetime; nil where servers would not accept it.
    package init?(seconds: Int) {
        guard (1...Self.longest).contains(seconds) else { return nil }
        self.init(checked: seconds)
    }

    private init(checked seconds: Int) { self.seconds = seconds }

    /// Parses `90s`, `20m`, `8h` or `7d`; nil for anything else.
    package init?(parsing text: String) {
        guard let seconds = ShortDuration.seconds(text) else { return nil }
        self.init(seconds: seconds)
    }
}

extension S3Client {
    package func presign(
        _ method: PresignedMethod, _ key: String, for lifetime: PresignedLifetime
    ) throws(StorageError) -> HTTPURL {
        let action = "presign \(location.name(key))"
        guard !key.isEmpty else {
            throw StorageError(.other, action, "a key must follow the bucket, as s3://bucket/key")
        }
        try signer.credentials.check(for: location, doing: action)
        return signer.presign(method.rawValue, location.url(key: key), seconds: lifetime.seconds, at: now)
    }
}
