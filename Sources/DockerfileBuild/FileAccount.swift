import ByteText
import ImageLayers
import ImageStore
import Wording

/// The owner of a file in an image: a user ID and a group ID.
struct FileAccount: Sendable, Hashable {
    static let root = FileAccount(user: 0, group: 0)

    let user: Int64
    let group: Int64

    init(user: Int64, group: Int64) {
        self.user = user
        self.group = group
    }

    /// Parses the value of `--chown` or USER; `origin` names it in error messages.
    ///
    /// Names are looked up in the image. A user ID without a group is also the group ID, as in docker.
    ///
    /// Source: <https://docs.docker.com/reference/dockerfile/#copy---chown---chmod>.
    init(_ text: String, as origin: String, in image: ImageContents?) throws {
        let parts = text.split(byte: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let name = parts[0]
        let users = try Self.lines(of: "etc/passwd", in: image)
        let entry = users.first { $0.first == name && $0.count > 3 }
        if let number = UInt32(name) {
            user = Int64(number)
        } else if let number = entry.flatMap({ UInt32($0[2]) }) {
            user = Int64(number)
        } else {
            throw Failure("use \(origin)", "the image's /etc/passwd has no user '\(name)'")
        }
        guard parts.count == 2 else {
            group = entry.flatMap { Int64($0[3]) } ?? user
            return
        }
        let groups = try Self.lines(of: "etc/group", in: image)
        if let number = UInt32(parts[1]) {
            group = Int64(number)
        } else if let number = groups.first(where: { $0.first == parts[1] && $0.count > 2 }).flatMap({ UInt32($0[2]) })
        {
            group = Int64(number)
        } else {
            throw Failure("use \(origin)", "the image's /etc/group has no group '\(parts[1])'")
        }
    }

    private static func lines(of file: String, in image: ImageContents?) throws -> [[String]] {
        guard let image else { return [] }
        let content = try image.content(of: Array(file.utf8))
        return String(decoding: content ?? [], as: UTF8.self).split(separator: "\n").map { line in
            line.split(byte: ":", omittingEmptySubsequences: false).map(String.init)
        }
    }
}
