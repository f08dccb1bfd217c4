import Archive
import ByteText
import Definitions
import POSIX

/// The entries of the files in the image.
extension FileSource {
    /// The target folder in the form of entry paths.
    var intoBytes: [UInt8] { Array(into.split(byte: "/").joined(separator: "/").utf8) }

    /// Whether folders, including `into`, get their attributes from this machine's disk.
    var keepsFolders: Bool { owner == .keep || mode == .keep || time == .keep }

    /// Returns the entries of the folders above the layer's files.
    ///
    /// The folder `into` is among them, unless ``keepsFolders`` applies to it.
    func parents() throws -> [ArchiveEntry] {
        var parents: [ArchiveEntry] = []
        let isFolder = (try? FileStatus(from, followingLinks: true))?.kind == .directory
        let plain = ParentFolders.entries(
            to: into, includingItself: !keepsFolders || !isFolder, onBase: isOnBase, modified: time.seconds(nil))
        for entry in plain { parents.append(try earlier.entry(ofFolder: entry.path) ?? entry) }
        return parents
    }

    /// Returns the entry of a folder at a path below `from`, or nil if a symbolic link of the base must stay there.
    func folderEntry(at path: [UInt8], _ status: FileStatus, time: Time) -> ArchiveEntry? {
        var entry = entry(.directory, at: path, status, time: time)
        guard !entry.path.isEmpty,
            let known = ParentFolders.entry(entry.path, onBase: isOnBase, modified: entry.modified)
        else { return nil }
        entry.mode = mode == .keep ? status.mode : known.mode
        // Files below /usr/local may have another owner, but the folder itself still belongs to root.
        if path.isEmpty && owner != .keep {
            entry.user = known.user
            entry.group = known.group
        }
        return entry
    }

    /// Returns the entry of a file at a path below `from`.
    func entry(_ kind: ArchiveEntry.Kind, at path: [UInt8], _ status: FileStatus, time: Time) -> ArchiveEntry {
        let into = intoBytes
        let separator = into.isEmpty || path.isEmpty ? [] : [UInt8(ascii: "/")]
        var entry = ArchiveEntry(kind, path: into + separator + path, mode: 0, modified: time.seconds(status))
        entry.mode =
            switch mode {
            case .executable: status.mode & 0o100 != 0 ? 0o755 : 0o644
            case .fixed(let mode): mode
            case .keep: status.mode
            }
        switch owner {
        case .fixed(let owner):
            entry.user = Int64(owner.user)
            entry.group = Int64(owner.group)
        case .keep:
            entry.user = Int64(status.user)
            entry.group = Int64(status.group)
        }
        return entry
    }
}

extension FileSource.Time {
    /// Returns seconds since 1970, rounded down; a kept time is 0 without a status.
    func seconds(_ status: FileStatus?) -> Int64 {
        switch self {
        case .fixed(let seconds): return seconds
        case .keep:
            guard let status else { return 0 }
            let (quotient, remainder) = status.modified.quotientAndRemainder(dividingBy: 1_000_000_000)
            return remainder < 0 ? quotient - 1 : quotient
        }
    }
}
