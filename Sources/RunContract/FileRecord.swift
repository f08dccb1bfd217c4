package import JSON

/// One uploaded file as a manifest names it: where it is, how long, and what each part hashes to.
package struct FileRecord: Sendable, Hashable {
    /// No file is longer, and as many of them as a document can name still add up to a number of 64 bits.
    private static let mostBytes: Int64 = 1 << 44

    /// Relative to the folder that it came from and goes back to.
    package let path: RelativePath
    /// The whole key of the object.
    package let key: String
    /// Bytes.
    package let size: Int64
    /// Bytes of each part but the last; the file's own size where it went in one piece.
    package let partSize: Int64
    /// SHA-256 of each part in order, in hexadecimal; one even of an empty file.
    package let parts: [String]
    /// The token in the object's metadata that tells our upload from another.
    package let uploadToken: String
    /// What the file had besides its content, nil in records of earlier versions.
    package var attributes: FileAttributes?

    /// A record from its parts.
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

    /// Reads one; a path that leaves its folder, and a key that is not below `root`, the run's own folder, are refused.
    ///
    /// Who may write a run's records must not be able to have other runs' objects fetched or removed with them.
    package init(json: JSONValue, below root: String) throws(JSONError) {
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

    /// The records in `files`, of which no two have one path.
    static func list(_ json: JSONValue, below root: String) throws(JSONError) -> [FileRecord] {
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

/// What a file or a folder has besides its content.
package struct FileAttributes: Sendable, Hashable {
    /// Permission bits, without setuid, setgid and sticky.
    package let mode: UInt32
    /// Nanoseconds since 1970 when the content changed last.
    package let modified: Int64

    /// Attributes; of the mode only the permission bits count.
    package init(mode: UInt32, modified: Int64) {
        self.mode = mode & 0o777
        self.modified = modified
    }

    /// Reads `mode`, octal text, and `modified`, text since JSON's numbers are not exact enough; nil where there is none.
    init?(json: JSONValue) throws(JSONError) {
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
