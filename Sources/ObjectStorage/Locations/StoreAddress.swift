import ByteText
import POSIX
package import SystemPackage

/// An address as users type it: `s3://bucket/key`, `file:///folder/file`, or a path.
package enum StoreAddress: Sendable, Hashable, CustomStringConvertible {
    /// An object, or every object whose key starts with `key`; the key is used literally, without percent-decoding.
    case object(bucket: String, key: String)
    /// A file or a folder.
    case file(FilePath)
    /// A path that can only be a folder because it ends in a slash, `.` or `..`; files are written into it.
    case folder(FilePath)

    /// Parses an address; throws for an unknown scheme, a missing bucket name and an empty path.
    package init(_ text: String) throws(StorageError) {
        for scheme in StoreSchemes.all {
            guard let address = try scheme.address(text) else { continue }
            self = address
            return
        }
        let action = "use '\(text)'"
        if let scheme = text.firstRange(bytes: "://") {
            throw StorageError(
                .other, action,
                "'\(text[..<scheme.lowerBound])' is none of s3://bucket/key, file:///folder/file and a plain path")
        }
        guard !text.isEmpty, !text.utf8.contains(0) else { throw StorageError(.other, action, "it is no path") }
        self = Self.local(text)
    }

    static func local(_ text: String) -> StoreAddress {
        FilePath(ofFile: text).map { .file($0) } ?? .folder(FilePath(text))
    }

    /// The address in a form that ``init(_:)`` parses.
    package var description: String {
        switch self {
        case .object(let bucket, let key): key.isEmpty ? "s3://\(bucket)" : "s3://\(bucket)/\(key)"
        case .file(let path): path.string
        case .folder(let path): path.string.utf8.last == UInt8(ascii: "/") ? path.string : "\(path)/"
        }
    }
}
