import Archive
import Hashing
import Wording

/// The path of an entry in a possibly hostile archive: relative, and inside the target folder.
struct ArchivePath: Hashable {
    let names: [ArraySlice<UInt8>]

    /// Parses a path; returns nil for the archive's own root.
    init?(_ bytes: [UInt8], in action: String) throws {
        let shown = String(decoding: bytes.prefix(200), as: UTF8.self)
        guard bytes.first != UInt8(ascii: "/") else { throw Failure(action, "'\(shown)' is an absolute path") }
        names = bytes.split(separator: UInt8(ascii: "/")).filter { $0 != [UInt8(ascii: ".")] }
        guard !names.contains(Array("..".utf8)[...]) else {
            throw Failure(action, "'\(shown)' leads out of the archive by '..'")
        }
        guard !names.contains(where: { $0.starts(with: ".wh.".utf8) }) else {
            throw Failure(action, "'\(shown)': names that begin with '.wh.' mean removals in a layer")
        }
        if names.isEmpty { return nil }
    }

    /// Returns the first `count` names of the path; nil for the whole path.
    func bytes(_ count: Int? = nil) -> [UInt8] {
        Array(names.prefix(count ?? names.count).joined(separator: [UInt8(ascii: "/")]))
    }

    /// The folders above the path, the highest first.
    var folders: [[UInt8]] { (1..<max(1, names.count)).map { bytes($0) } }
}

/// A 64-bit hash of a path, so that a million paths take little memory.
struct PathMark: Hashable {
    private let value: UInt64

    init(_ path: [UInt8]) {
        value = SHA256.hash(path).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
