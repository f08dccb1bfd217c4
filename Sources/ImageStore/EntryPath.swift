import Archive
import ByteText
import SystemPackage
import Wording

/// The path of a layer's entry, as names below the root.
///
/// A leading slash is ignored, as in other unpackers; `..` is refused rather than resolved.
struct EntryPath {
    /// Linux's limit of a path in bytes; a longer path cannot be opened.
    ///
    /// <https://man7.org/linux/man-pages/man7/path_resolution.7.html>
    private static let longest = 4096

    let names: [FilePath.Component]

    init(_ bytes: [UInt8]) throws {
        let text = String(decoding: bytes, as: UTF8.self)
        guard bytes.count < Self.longest, !bytes.contains(0) else {
            throw Failure("unpack '\(text.prefix(80))'", "no file can have this path")
        }
        let path = FilePath(platformString: bytes.map { CChar(bitPattern: $0) } + [0])
        guard !path.components.contains(where: { $0.kind == .parentDirectory }) else {
            throw Failure("unpack '\(text)'", "the path has '..' in it")
        }
        names = path.components.filter { $0.kind == .regular }
    }

    /// All names but the last.
    var folder: ArraySlice<FilePath.Component> { names.dropLast() }

    /// Returns what this entry removes, or nil if it is not a whiteout.
    ///
    /// Source: <https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts>.
    func whiteout() throws -> Whiteout? {
        guard let name = names.last?.string, name.hasPrefix(bytes: ".wh.") else { return nil }
        if name == ".wh..wh..opq" { return Whiteout(folder: Array(folder), name: nil) }
        // Other names with this prefix belong to a union file system; images do not need them.
        if name.hasPrefix(bytes: ".wh..wh.") { return Whiteout(folder: [], name: nil, isForeign: true) }
        // Handled as bytes: the removed name need not be UTF-8.
        let removed = names.last?.withPlatformString { FilePath(platformString: $0 + ".wh.".utf8.count) }.lastComponent
        guard let removed, removed.kind == .regular else {
            throw Failure("unpack '\(FilePath(root: nil, names))'", "a whiteout must name what it removes")
        }
        return Whiteout(folder: Array(folder), name: removed)
    }
}

/// A whiteout: what a layer removes from the layers below it.
struct Whiteout {
    let folder: [FilePath.Component]
    /// The removed name; nil for everything in the folder.
    let name: FilePath.Component?
    var isForeign = false
}
