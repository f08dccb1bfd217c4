public import JSON

/// One uploaded file as a manifest names it: where it is, how long, and what each part hashes to.
public struct FileRecord: Sendable, Hashable {
    /// Relative to the folder that it came from and goes back to.
    public let path: String
    /// The whole key of the object.
    public let key: String
    /// Bytes.
    public let size: Int64
    /// Bytes of each part but the last; the file's own size where it went in one piece.
    public let partSize: Int64
    /// SHA-256 of each part in order, in hexadecimal; one even of an empty file.
    public let parts: [String]
    /// The token in the object's metadata that tells our upload from another.
    public let uploadToken: String

    /// A record from its parts.
    public init(path: String, key: String, size: Int64, partSize: Int64, parts: [String], uploadToken: String) {
        self.path = path
        self.key = key
        self.size = size
        self.partSize = partSize
        self.parts = parts
        self.uploadToken = uploadToken
    }

    /// Reads one; a path that leaves its folder is refused.
    public init(json: JSONValue) throws(JSONError) {
        let path = try json.text("path")
        let components = path.split(separator: "/", omittingEmptySubsequences: false)
        guard !components.contains(where: { ["", ".", ".."].contains($0) }) else {
            throw JSONError("'path' leaves its folder: '\(path)'")
        }
        self.init(
            path: path, key: try json.text("key"), size: Int64(try json.whole("size")),
            partSize: Int64(try json.whole("part_size")), parts: try json.texts("parts"),
            uploadToken: try json.text("upload_token"))
    }

    /// The form that ``init(json:)`` reads.
    public var json: JSONValue {
        [
            "path": .string(path), "key": .string(key), "size": .integer(size), "part_size": .integer(partSize),
            "parts": .array(parts.map(JSONValue.string)), "upload_token": .string(uploadToken),
        ]
    }
}
