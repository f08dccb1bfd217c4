package import HTTP
import Hashing

/// The endpoint, name and region of a bucket.
package struct BucketLocation: Sendable, Hashable {
    /// Where the bucket's name stands in a URL.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html>
    package enum Addressing: String, Sendable, Hashable {
        /// In the path, which every S3 service supports.
        case path
        /// In front of the host name, which some services require.
        case virtual
    }

    /// The URL of the service, without a path.
    package let endpoint: HTTPURL
    package let bucket: String
    /// The region in the signature; R2's only region is `auto`.
    package let region: String
    package let addressing: Addressing

    /// Parses an endpoint as users write it; refuses one that already contains the bucket's name.
    ///
    /// Without a region, uses the region in an AWS endpoint, otherwise `auto`.
    package init(
        endpoint text: String, bucket: String, region: String? = nil, addressing: Addressing = .path
    ) throws(StorageError) {
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
        if addressing == .virtual {
            guard !url.host.hasPrefix("["), url.host.contains(where: \.isLetter) else {
                throw StorageError(
                    .other, action, "no name can stand ahead of the address \(url.host); R2_ADDRESSING must be path")
            }
            // A certificate for *.host covers one label only, and host names are case-insensitive.
            guard url.scheme == "http" || !bucket.contains("."), bucket == bucket.lowercased() else {
                throw StorageError(
                    .other, action,
                    "a bucket with dots or capitals in its name cannot stand ahead of the host's; R2_ADDRESSING must be "
                        + "path")
            }
        }
        self.endpoint = url
        self.bucket = bucket
        self.region = region ?? Self.region(of: url.host) ?? "auto"
        self.addressing = addressing
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        PercentEncoding.isUnreserved(byte) && byte != UInt8(ascii: "~")
    }

    /// Returns the region in an AWS endpoint.
    ///
    /// Examples: `s3.eu-central-1.amazonaws.com`, `s3.dualstack.eu-central-1.amazonaws.com`.
    /// <https://docs.aws.amazon.com/general/latest/gr/s3.html>
    private static func region(of host: String) -> String? {
        let suffix = [".amazonaws.com", ".amazonaws.com.cn"].first { host.hasSuffix($0) }
        guard let suffix else { return nil }
        let names = host.dropLast(suffix.count).split(separator: ".")
        guard let last = names.last else { return nil }
        if last == "s3" || last == "s3-accelerate" { return "us-east-1" }
        return last.hasPrefix("s3-") ? String(last.dropFirst(3)) : String(last)
    }

    /// Returns the URL of an object, or of the bucket where the key is empty; `query` must already be encoded.
    func url(key: String, query: String = "") -> HTTPURL {
        let encoded = PercentEncoding.encode(key, keepingSlash: true)
        let suffix = query.isEmpty ? "" : "?\(query)"
        switch addressing {
        case .path: return endpoint.with(target: (key.isEmpty ? "/\(bucket)" : "/\(bucket)/\(encoded)") + suffix)
        case .virtual:
            return HTTPURL(
                scheme: endpoint.scheme, host: "\(bucket).\(endpoint.host)", port: endpoint.port,
                target: "/\(encoded)\(suffix)")
        }
    }

    /// Returns a string that identifies an object across all buckets and endpoints.
    func place(of key: String) -> String { "\(endpoint.scheme)://\(endpoint.authority)/\(bucket)/\(key)" }

    /// Returns the name of an object in error messages.
    func name(_ key: String) -> String { key.isEmpty ? "s3://\(bucket)" : "s3://\(bucket)/\(key)" }
}
