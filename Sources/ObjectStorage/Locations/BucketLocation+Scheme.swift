import ByteText
package import HTTP

/// `s3://bucket/key`, and the https:// endpoint of a service that speaks the S3 protocol.
enum BucketScheme: StoreScheme {
    private static let names = ["s3://", "S3://"]

    static func address(_ text: String) throws(StorageError) -> StoreAddress? {
        guard let name = names.first(where: text.hasPrefix(bytes:)) else { return nil }
        let rest = text.utf8.dropFirst(name.utf8.count)
        let bucket = rest.prefix { $0 != UInt8(ascii: "/") }
        guard !bucket.isEmpty else {
            throw StorageError(.other, "use '\(text)'", "the bucket's name is missing, as in s3://bucket/key")
        }
        return .object(
            bucket: String(Substring(bucket)), key: String(Substring(rest.dropFirst(bucket.count + 1))))
    }

    static let isLocal = false

    static func recognizes(endpoint: String) -> Bool { endpoint.hasPrefix("http") }

    static func location(_ bucket: String, at endpoint: StoreEndpoint) throws(StorageError) -> any StoreLocation {
        guard let style = BucketLocation.Addressing(rawValue: endpoint.addressing ?? "path") else {
            throw StorageError(
                .other, "use the bucket '\(bucket)' at '\(endpoint.shown)'",
                "R2_ADDRESSING is '\(endpoint.addressing ?? "")', and must be path or virtual")
        }
        return try BucketLocation(endpoint: endpoint.url, bucket: bucket, region: endpoint.region, addressing: style)
    }
}

extension BucketLocation: StoreLocation {
    package var isLocal: Bool { false }
    package var needsCredentials: Bool { true }
    package var description: String { "s3://\(bucket)" }

    package var details: String {
        let style = addressing == .path ? "" : ", the bucket's name ahead of the host's"
        return "\(self) at \(endpoint.scheme)://\(endpoint.authority), region \(region)\(style)"
    }

    package func open(
        credentials: StorageCredentials?, client: HTTPClient, policy: RetryPolicy, options: S3Client.Options
    ) throws(StorageError) -> any ObjectStore {
        guard let credentials else {
            throw StorageError(.wrongKey, "use \(self)", "R2_ACCESS_KEY_ID and R2_SECRET_ACCESS_KEY must be set")
        }
        return S3Client(self, credentials: credentials, client: client, policy: policy, options: options)
    }
}
