import Archive
import ByteText
import SystemPackage

/// The path of an entry of a layer, as names below the root.
///
/// A slash at the beginning means nothing, as with other unpackers; `..` is refused rather than resolved.
struct EntryPath {
    /// A path that is longer cannot be opened. <https://man7.org/linux/man-pages/man7/path_resolution.7.html>
    private static let longest = 4096

    let names: [FilePath.Component]

    init(_ bytes: [UInt8]) throws(ImageStoreError) {
        let text = String(decoding: bytes, as: UTF8.self)
        guard bytes.count < Self.longest, !bytes.contains(0) else {
            throw ImageStoreError("unpack '\(text.prefix(80))'", "no file can have this path")
        }
        let path = FilePath(platformString: bytes.map { CChar(bitPattern: $0) } + [0])
        guard !path.components.contains(where: { $0.kind == .parentDirectory }) else {
            throw ImageStoreError("unpack '\(text)'", "the path has '..' in it")
        }
        names = path.components.filter { $0.kind == .regular }
    }

    /// Every name but the last.
    var folder: ArraySlice<FilePath.Component> { names.dropLast() }

    /// What this entry removes, nil where it is no whiteout.
    ///
    /// Source: <https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts>.
    func whiteout() throws(ImageStoreError) -> Whiteout? {
        guard let name = names.last?.string, name.hasPrefix(bytes: ".wh.") else { return nil }
        if name == ".wh..wh..opq" { return Whiteout(folder: Array(folder), name: nil) }
        // Other names that begin so are a union file system's own, which no layer needs.
        if name.hasPrefix(bytes: ".wh..wh.") { return Whiteout(folder: [], name: nil, isForeign: true) }
        // As bytes: the name that is removed need not be UTF-8.
        let removed = names.last?.withPlatformString { FilePath(platformString: $0 + ".wh.".utf8.count) }.lastComponent
        guard let removed, removed.kind == .regular else {
            throw ImageStoreError("unpack '\(FilePath(root: nil, names))'", "a whiteout must name what it removes")
        }
        return Whiteout(folder: Array(folder), name: removed)
    }
}

/// What a layer removes from the layers below it.
struct Whiteout {
    let folder: [FilePath.Component]
    /// Nil for everything in the folder.
    let name: FilePath.Component?
    var isForeign = false
}
