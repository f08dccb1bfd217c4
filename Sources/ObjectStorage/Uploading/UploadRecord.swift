import Hashing
import JSON
import POSIX
import Timestamps

/// What is needed to resume a multipart upload, also after its process was killed.
struct UploadRecord: Sendable, Hashable {
    /// The age after which R2, and most lifecycle rules for incomplete uploads, drop an upload.
    /// <https://developers.cloudflare.com/r2/objects/multipart-objects/>
    static let mostSeconds = 7 * 86_400

    /// Endpoint, bucket and key.
    let place: String
    let uploadID: String
    /// R2 refuses parts of unequal length, so a later process must use the first one's part size.
    let partSize: Int64
    /// The upload token in the object's metadata.
    let token: String
    let started: Timestamp
    let file: FileIdentity
}

/// The identity of a file's content, as far as its inode's status shows it.
///
/// Left out are the device number, which changes with each mount, and the ctime, which changes with each name that the
/// file gets or loses; a resumed upload compares each part's hash anyway.
struct FileIdentity: Sendable, Hashable {
    let inode: UInt64
    let size: Int64
    /// Nanoseconds since 1970.
    let modified: Int64

    init(inode: UInt64, size: Int64, modified: Int64) {
        self.inode = inode
        self.size = size
        self.modified = modified
    }

    init(_ status: FileStatus) {
        self.init(inode: status.inode, size: status.size, modified: status.modified)
    }
}

extension UploadRecord {
    private static let version = 1

    /// The record as stored on disk.
    var json: JSONValue {
        [
            "version": .integer(Self.version), "place": .string(place), "upload_id": .string(uploadID),
            "part_size": .integer(partSize), "token": .string(token), "started": .integer(started.seconds),
            "file": [
                "inode": .integer(file.inode), "size": .integer(file.size), "modified": .integer(file.modified),
            ],
        ]
    }

    /// Decodes a record; throws for another version and for invalid values.
    init(json: JSONValue) throws(JSONError) {
        guard try json.whole("version") == Self.version else { throw JSONError("'version' is unknown") }
        let partSize = try json.whole("part_size")
        guard partSize > 0 else { throw JSONError("'part_size' is not positive") }
        let file = try json.member("file")
        guard let inode = try file.member("inode").unsigned else { throw JSONError("'inode' is no number") }
        self.init(
            place: try json.text("place"), uploadID: try json.text("upload_id"), partSize: Int64(partSize),
            token: try json.text("token"), started: Timestamp(seconds: try json.whole("started")),
            file: FileIdentity(
                inode: inode, size: Int64(try file.whole("size")), modified: Int64(try file.whole("modified"))))
    }
}

extension JSONValue {
    /// The number as an unsigned integer: inode numbers may exceed `Int.max`.
    fileprivate var unsigned: UInt64? { if case .number(let text) = self { UInt64(text) } else { nil } }
}
