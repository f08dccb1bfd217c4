import ByteText
package import HTTP
import Hashing
package import SystemPackage

/// A folder of a file system, which several machines may have mounted.
package struct FolderLocation: StoreLocation, Hashable {
    package let path: FilePath

    package init(_ path: FilePath) { self.path = path }

    package var isLocal: Bool { true }
    package var needsCredentials: Bool { false }
    package var description: String { "file://\(path)" }
    package var details: String { description }

    package func open(
        credentials: StorageCredentials?, client: HTTPClient, policy: RetryPolicy, options: S3Client.Options
    ) throws(StorageError) -> any ObjectStore {
        FileStore(path, isBackground: options.isBackground)
    }

    package func advice(on failure: StorageError, keyID: String?) -> String? {
        failure.code == .accessDenied ? "give this user the right to write there" : nil
    }
}

/// `file:///folder` as defined by RFC 8089, as an address and as an endpoint whose buckets are its subfolders.
/// <https://www.rfc-editor.org/rfc/rfc8089>
enum FolderScheme: StoreScheme {
    private static let scheme = "file:"

    static let isLocal = true

    static func recognizes(endpoint: String) -> Bool { begins(endpoint[...], with: scheme) }

    static func address(_ text: String) throws(StorageError) -> StoreAddress? {
        try path(of: text, doing: "use '\(text)'").map(StoreAddress.local)
    }

    /// Under a folder endpoint a bucket is a subfolder: `file:///shared` and `runs` give `/shared/runs`.
    static func location(_ bucket: String, at endpoint: StoreEndpoint) throws(StorageError) -> any StoreLocation {
        let action = "use the bucket '\(bucket)' at '\(endpoint.shown)'"
        guard let folder = try path(of: endpoint.url, doing: action), let name = FileKey.component(bucket) else {
            throw StorageError(.other, action, "a bucket below a folder is the name of a folder in it")
        }
        return FolderLocation(FilePath(folder).appending(name))
    }

    /// Compares without regard to the case of ASCII letters.
    private static func begins(_ text: Substring, with start: String) -> Bool {
        String(decoding: text.utf8.prefix(start.utf8.count), as: UTF8.self).lowercased() == start
    }

    /// Returns the URL's absolute path, percent-decoded, with any trailing slash kept; nil for another kind of URL.
    private static func path(of text: String, doing action: String) throws(StorageError) -> String? {
        guard begins(text[...], with: scheme) else { return nil }
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
