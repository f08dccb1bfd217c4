import ByteText
package import HTTP
import Hashing
package import SystemPackage

/// The location of an object store: a bucket behind the S3 protocol, or a folder of a shared file system.
package enum StoreLocation: Sendable, Hashable, CustomStringConvertible {
    case bucket(BucketLocation)
    case folder(FilePath)

    /// Creates a location from R2_ENDPOINT_URL, either `https://…` of a service or `file:///…` of a folder.
    ///
    /// Under a folder endpoint a bucket is a subfolder: `file:///shared` and `runs` give `/shared/runs`.
    package init(
        endpoint: String, bucket: String, region: String? = nil, addressing: String? = nil
    ) throws(StorageError) {
        let action = "use the bucket '\(bucket)' at '\(endpoint.prefix { $0 != "?" })'"
        if let folder = try FileURL.path(of: endpoint, doing: action) {
            guard let name = FileKey.component(bucket) else {
                throw StorageError(.other, action, "a bucket below a folder is the name of a folder in it")
            }
            self = .folder(FilePath(folder).appending(name))
            return
        }
        guard let style = BucketLocation.Addressing(rawValue: addressing ?? "path") else {
            throw StorageError(.other, action, "R2_ADDRESSING is '\(addressing ?? "")', and must be path or virtual")
        }
        self = .bucket(try BucketLocation(endpoint: endpoint, bucket: bucket, region: region, addressing: style))
    }

    /// Returns true for an endpoint that is a folder and therefore needs no access key.
    package static func isFolder(endpoint: String) -> Bool { FileURL.isOne(endpoint) }

    /// Opens the store; a bucket requires credentials, a folder ignores them.
    package func open(
        credentials: StorageCredentials?, client: HTTPClient, policy: RetryPolicy = RetryPolicy(),
        options: S3Client.Options = S3Client.Options()
    ) throws(StorageError) -> any ObjectStore {
        switch self {
        case .folder(let path): return FileStore(path, isBackground: options.isBackground)
        case .bucket(let location):
            guard let credentials else {
                throw StorageError(
                    .wrongKey, "use \(self)", "R2_ACCESS_KEY_ID and R2_SECRET_ACCESS_KEY must be set")
            }
            return S3Client(location, credentials: credentials, client: client, policy: policy, options: options)
        }
    }

    /// The location as error messages name it.
    package var description: String {
        switch self {
        case .bucket(let location): "s3://\(location.bucket)"
        case .folder(let path): "file://\(path)"
        }
    }
}

/// A `file:///folder` URL as defined by RFC 8089. <https://www.rfc-editor.org/rfc/rfc8089>
enum FileURL {
    private static let scheme = "file:"

    static func isOne(_ text: String) -> Bool { begins(text[...], with: scheme) }

    /// Compares without regard to the case of ASCII letters.
    private static func begins(_ text: Substring, with start: String) -> Bool {
        String(decoding: text.utf8.prefix(start.utf8.count), as: UTF8.self).lowercased() == start
    }

    /// Returns the URL's absolute path, percent-decoded, with any trailing slash kept; nil for another kind of URL.
    static func path(of text: String, doing action: String) throws(StorageError) -> String? {
        guard isOne(text) else { return nil }
        var rest = Substring(text.utf8.dropFirst(scheme.utf8.count))
        if rest.hasPrefix(bytes: "//") {
            rest = Substring(rest.utf8.dropFirst(2))
            if begins(rest, with: "localhost/") { rest = Substring(rest.utf8.dropFirst("localhost".utf8.count)) }
        }
        guard rest.hasPrefix(bytes: "/") else {
            throw StorageError(
                .other, action, "a file URL has three slashes and an absolute path, as file:///shared/runs")
        }
        let bytes = PercentEncoding.decode(rest)
        guard !bytes.contains(0), let path = String(validating: bytes, as: UTF8.self) else {
            throw StorageError(.other, action, "a file URL is UTF-8 without zeros")
        }
        return path
    }
}
