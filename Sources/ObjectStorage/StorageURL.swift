import ByteText
import POSIX
package import SystemPackage

/// A location as users type it: `s3://bucket/key`, `file:///folder/file`, or a path.
package enum StorageURL: Sendable, Hashable, CustomStringConvertible {
    /// An object, or every object whose key starts with `key`; the key is used literally, without percent-decoding.
    case object(bucket: String, key: String)
    /// A file or a folder.
    case file(FilePath)
    /// A path that can only be a folder because it ends in a slash, `.` or `..`; files are written into it.
    case folder(FilePath)

    private static let scheme = ["s3://", "S3://"]

    /// Parses a location; throws for an unknown scheme, a missing bucket name and an empty path.
    package init(_ text: String) throws(StorageError) {
        let action = "use '\(text)'"
        if let path = try FileURL.path(of: text, doing: action) {
            self = Self.local(path)
        } else if let scheme = Self.scheme.first(where: text.hasPrefix(bytes:)) {
            let rest = Substring(text.utf8.dropFirst(scheme.utf8.count))
            let bucket = Substring(rest.utf8.prefix { $0 != UInt8(ascii: "/") })
            guard !bucket.isEmpty else {
                throw StorageError(.other, action, "the bucket's name is missing, as in s3://bucket/key")
            }
            self = .object(bucket: String(bucket), key: String(Substring(rest.utf8.dropFirst(bucket.utf8.count + 1))))
        } else if let scheme = text.firstRange(bytes: "://") {
            throw StorageError(
                .other, action,
                "'\(text[..<scheme.lowerBound])' is none of s3://bucket/key, file:///folder/file and a plain path")
        } else {
            guard !text.isEmpty, !text.utf8.contains(0) else { throw StorageError(.other, action, "it is no path") }
            self = Self.local(text)
        }
    }

    private static func local(_ text: String) -> StorageURL {
        FilePath(ofFile: text).map { .file($0) } ?? .folder(FilePath(text))
    }

    /// The location in a form that ``init(_:)`` parses.
    package var description: String {
        switch self {
        case .object(let bucket, let key): key.isEmpty ? "s3://\(bucket)" : "s3://\(bucket)/\(key)"
        case .file(let path): path.string
        case .folder(let path): path.string.utf8.last == UInt8(ascii: "/") ? path.string : "\(path)/"
        }
    }
}
