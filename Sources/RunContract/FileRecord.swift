package import JSON

/// One uploaded file in a manifest: its key, its size, and the hash of each part.
package struct FileRecord: Sendable, Hashable {
    /// No file is longer, and as many of them as a document can name still add up to a number of 64 bits.
    private static let mostBytes: Int64 = 1 << 44

    /// Relative to the folder that it came from and goes back to.
    package let path: RelativePath
    /// The complete key of the object.
    package let key: String
    /// In bytes.
    package let size: Int64
    /// Size in bytes of each part but the last; the file's size if it was uploaded in one piece.
    package let partSize: Int64
    /// SHA-256 of each part in order, in hexadecimal; an empty file has one part.
    package let parts: [String]
    /// The token in the object's metadata that tells this upload from any other.
    package let uploadToken: String
    /// Mode and modification time, nil in records of earlier versions.
    package var attributes: FileAttributes?

    package init(
        path: RelativePath, key: String, size: Int64, partSize: Int64, parts: [String], uploadToken: String,
        attributes: FileAttributes? = nil
    ) {
        self.path = path
        self.key = key
        self.size = size
        self.partSize = partSize
        self.parts = parts
        self.uploadToken = uploadToken
        self.attributes = attributes
    }

    /// Reads a record; throws if the path leaves its folder or the key is not below `root`, the prefix of the run.
    ///
    /// Write access to a run's records must not give access to other runs' objects, to download or delete them.
    package init(json: JSONValue, below root: String) throws {
        let key = try json.text("key")
        let names = key.utf8.dropFirst(root.utf8.count).split(separator: UInt8(ascii: "/"))
        guard key.utf8.starts(with: root.utf8), !names.contains(where: { Array($0) == Array("..".utf8) }) else {
            throw JSONError("'key' is not below \(root): '\(key)'")
        }
        let size = Int64(try json.whole("size"))
        let partSize = Int64(try json.whole("part_size"))
        guard (0...Self.mostBytes).contains(size), (0...Self.mostBytes).contains(partSize) else {
            throw JSONError("'size' or 'part_size' is no number of bytes")
        }
        self.init(
            path: try RelativePath(json: json), key: key, size: size, partSize: partSize,
            parts: try json.texts("parts"), uploadToken: try json.text("upload_token"),
            attributes: try FileAttributes(json: json))
    }

    /// Reads the records in `files`; throws if two of them have the same path.
    static func list(_ json: JSONValue, below root: String) throws -> [FileRecord] {
        var files: [FileRecord] = []
        var paths: Set<RelativePath> = []
        for file in try json.list("files") {
            let record = try FileRecord(json: file, below: root)
            guard paths.insert(record.path).inserted else {
                throw JSONError("two files have the path '\(record.path)'")
            }
            files.append(record)
        }
        return files
    }

    /// The form that ``init(json:below:)`` reads.
    package var json: JSONValue {
        var json = path.members
        json["key"] = .string(key)
        json["size"] = .integer(size)
        json["part_size"] = .integer(partSize)
        json["parts"] = .array(parts.map(JSONValue.string))
        json["upload_token"] = .string(uploadToken)
        attributes?.add(to: &json)
        return json
    }
}

/// The mode and modification time of a file or folder.
package struct FileAttributes: Sendable, Hashable {
    /// Permission bits, without setuid, setgid and sticky.
    package let mode: UInt32
    /// Time of the last change of the content, in nanoseconds since 1970.
    package let modified: Int64

    /// Creates attributes from the permission bits of a mode; ignores its other bits.
    package init(mode: UInt32, modified: Int64) {
        self.mode = mode & 0o777
        self.modified = modified
    }

    /// Reads `mode`, in octal, and `modified`; returns nil without `mode`.
    ///
    /// `modified` is a string because JSON numbers are not exact enough.
    init?(json: JSONValue) throws {
        guard let text = try json.optionalText("mode") else { return nil }
        guard text.utf8.count <= 4, let mode = UInt32(text, radix: 8), mode <= 0o777 else {
            throw JSONError("'mode' is no permission bits: '\(text)'")
        }
        guard let modified = Int64(try json.text("modified")) else { throw JSONError("'modified' is no number") }
        self.init(mode: mode, modified: modified)
    }

    func add(to json: inout JSONValue) {
        let digits = String(mode, radix: 8)
        json["mode"] = .string(String(repeating: "0", count: 4 - digits.count) + digits)
        json["modified"] = .string(String(modified))
    }
}
