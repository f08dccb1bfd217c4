private import Hashing
package import JSON
package import SystemPackage

/// The path of a file or folder below a folder, as the file system's bytes; it never leaves the folder.
///
/// File names on Linux are bytes, not text. They need not be UTF-8, and two names that Unicode treats as equivalent are
/// two files.
package struct RelativePath: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The names, separated by slashes.
    package let bytes: [UInt8]

    /// Creates a path; returns nil if a name is empty, `.` or `..`, or contains a NUL byte.
    package init?(_ bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        let names = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let dot = UInt8(ascii: ".")
        guard !bytes.contains(0), names.allSatisfy({ !$0.isEmpty && Array($0) != [dot] && Array($0) != [dot, dot] })
        else { return nil }
        self.bytes = bytes
    }

    /// Creates a path from a text; returns nil if the path would leave its folder.
    package init?(_ text: String) { self.init(text.utf8) }

    /// The path as a text, nil if the bytes are not UTF-8.
    package var text: String? { String(validating: bytes, as: UTF8.self) }

    /// The path for messages, with replacement characters for bytes that are not UTF-8.
    package var description: String { String(decoding: bytes, as: UTF8.self) }

    /// The path's components.
    package var names: [ArraySlice<UInt8>] { bytes.split(separator: UInt8(ascii: "/")) }

    /// The path for an object's key: the path itself if it is UTF-8, else with a hash that makes it unique.
    package var key: String { text ?? apart }

    /// A key for a path whose own key the bucket might treat as equal to another path's.
    ///
    /// R2 treats keys as equal if Unicode treats them as equivalent.
    /// <https://developers.cloudflare.com/r2/reference/unicode-interoperability/>
    package var apart: String { "\(description).\(SHA256.hash(bytes).hexadecimal.prefix(12))" }

    /// Returns the absolute path below a folder.
    package func path(below folder: FilePath) -> FilePath {
        let below = FilePath(platformString: bytes.map { CChar(bitPattern: $0) } + [0])
        return folder.pushing(below)
    }

    /// Returns this path prefixed with another one.
    package func below(_ parent: RelativePath) -> RelativePath? {
        RelativePath(parent.bytes + [UInt8(ascii: "/")] + bytes)
    }

    /// Compares the paths byte by byte.
    package static func < (left: RelativePath, right: RelativePath) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}

extension RelativePath {
    /// Reads `path`, or `path_base64` if the path is not UTF-8.
    package init(json: JSONValue) throws {
        let path: RelativePath?
        if let encoded = try json.optionalText("path_base64") {
            guard let bytes = [UInt8](base64: encoded) else { throw JSONError("'path_base64' is no base64") }
            path = RelativePath(bytes)
        } else {
            path = RelativePath(try json.text("path"))
        }
        guard let path else { throw JSONError("'path' leaves its folder: '\(try json.text("path"))'") }
        self = path
    }

    /// The members that ``init(json:)`` reads.
    package var members: JSONValue {
        guard text == nil else { return ["path": .string(description)] }
        return ["path": .string(description), "path_base64": .string(bytes.base64)]
    }
}
