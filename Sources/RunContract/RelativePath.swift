private import Hashing
package import JSON
package import SystemPackage

/// The path of something below a folder, byte by byte as the file system has it; it never leaves the folder.
///
/// Names on Linux are bytes, not text: they need not be UTF-8, and two that Unicode takes for the same are two files.
package struct RelativePath: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The names, separated by slashes.
    package let bytes: [UInt8]

    /// A path whose names are neither empty nor `.` nor `..`; nil for any other.
    package init?(_ bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        let names = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let dot = UInt8(ascii: ".")
        guard !bytes.contains(0), names.allSatisfy({ !$0.isEmpty && Array($0) != [dot] && Array($0) != [dot, dot] })
        else { return nil }
        self.bytes = bytes
    }

    /// The path of a text, nil where that would leave the folder.
    package init?(_ text: String) { self.init(text.utf8) }

    /// The text, where the bytes are UTF-8.
    package var text: String? { String(validating: bytes, as: UTF8.self) }

    /// For people, what is no UTF-8 replaced.
    package var description: String { String(decoding: bytes, as: UTF8.self) }

    /// The names of which it is made.
    package var names: [ArraySlice<UInt8>] { bytes.split(separator: UInt8(ascii: "/")) }

    /// A text for an object's key: the path itself, or, where that is no UTF-8, with a hash that keeps it apart from others.
    package var key: String { text ?? apart }

    /// The key of a path that a bucket might take for another one's.
    ///
    /// R2 takes keys for one that Unicode takes for the same.
    /// <https://developers.cloudflare.com/r2/reference/unicode-interoperability/>
    package var apart: String { "\(description).\(SHA256.hash(bytes).hexadecimal.prefix(12))" }

    /// Where it is below a folder.
    package func path(below folder: FilePath) -> FilePath {
        let below = FilePath(platformString: bytes.map { CChar(bitPattern: $0) } + [0])
        return folder.pushing(below)
    }

    /// This path below another one.
    package func below(_ parent: RelativePath) -> RelativePath? {
        RelativePath(parent.bytes + [UInt8(ascii: "/")] + bytes)
    }

    /// True where the left one's bytes come first.
    package static func < (left: RelativePath, right: RelativePath) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}

extension RelativePath {
    /// Reads `path`, or `path_base64` where the path is no UTF-8.
    package init(json: JSONValue) throws(JSONError) {
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
