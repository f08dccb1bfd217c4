package import Archive
import ByteText

/// The folders above a layer's files: without entries of their own, each unpacker would choose their modes itself.
package enum ParentFolders {
    /// Symbolic links in distributions with a merged /usr; an entry for a folder would replace the base's link.
    ///
    /// Source: <https://www.freedesktop.org/wiki/Software/systemd/TheCaseForTheUsrMerge/>.
    private static let links: Set<String> = ["bin", "sbin", "lib", "lib32", "lib64", "libx32", "var/run", "var/lock"]
    private static let modes: [String: UInt32] = ["tmp": 0o1777, "var/tmp": 0o1777, "root": 0o700]

    /// Returns the entry of a folder, or nil if a symbolic link of the base must stay.
    static func entry(_ folder: [UInt8], onBase: Bool, modified: Int64) -> ArchiveEntry? {
        let name = String(decoding: folder, as: UTF8.self)
        if onBase && links.contains(name) { return nil }
        return ArchiveEntry(.directory, path: folder, mode: modes[name] ?? 0o755, modified: modified)
    }

    /// Returns the entries of the folders above an absolute path, optionally including the path itself.
    package static func entries(to path: String, includingItself: Bool, onBase: Bool, modified: Int64) -> [ArchiveEntry]
    {
        let names = path.split(byte: "/")
        let count = includingItself ? names.count : names.count - 1
        return (0..<max(0, count)).compactMap { index in
            entry(Array(names[...index].joined(separator: "/").utf8), onBase: onBase, modified: modified)
        }
    }
}
