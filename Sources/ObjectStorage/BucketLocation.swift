public import HTTP

/// Where a bucket is; it is addressed in the path, which every S3 service understands.
public struct BucketLocation: Sendable, Hashable {
    /// The service, without a path.
    public let endpoint: HTTPURL
    /// The bucket's name.
    public let bucket: String
    /// What is signed as region; R2 calls its only one `auto`.
    public let region: String

    /// Reads an endpoint as people write it, and refuses one in which the bucket's name is already written.
    public init(endpoint text: String, bucket: String, region: String = "auto") throws(StorageError) {
        let action = "use the bucket '\(bucket)' at '\(text.prefix { $0 != "?" })'"
        guard !bucket.isEmpty, bucket.utf8.allSatisfy(Self.isAllowed) else {
            throw StorageError(.other, action, "a bucket's name has letters, digits, dots and dashes only")
        }
        let url: HTTPURL
        do throws(HTTPError) { url = try HTTPURL(text) } catch { throw StorageError(.other, action, "\(error)") }
        guard url.target == "/" else {
            throw StorageError(
                .other, action,
                "the endpoint must be the service alone, as \(url.scheme)://\(url.authority), without "
                    + "'\(url.path)'; the bucket's name goes into R2_BUCKET_NAME")
        }
        guard !url.host.hasPrefix(bucket.lowercased() + ".") || url.isLoopback else {
            throw StorageError(
                .other, action,
                "the endpoint begins with the bucket's name; write "
                    + "\(url.scheme)://\(url.authority.dropFirst(bucket.count + 1))")
        }
        self.endpoint = url
        self.bucket = bucket
        self.region = region
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        PercentEncoding.isUnreserved(byte) && byte != UInt8(ascii: "~")
    }

    /// The URL of an object, or of the bucket where the key is empty; the query is taken as it is.
    func url(key: String, query: String = "") -> HTTPURL {
        let path = key.isEmpty ? "/\(bucket)" : "/\(bucket)/\(PercentEncoding.encode(key, keepingSlash: true))"
        return endpoint.with(target: query.isEmpty ? path : "\(path)?\(query)")
    }

    /// What tells an object from every other one, here and in other buckets.
    func place(of key: String) -> String { "\(endpoint.scheme)://\(endpoint.authority)/\(bucket)/\(key)" }

    /// How errors name an object.
    func name(_ key: String) -> String { key.isEmpty ? "s3://\(bucket)" : "s3://\(bucket)/\(key)" }
}
