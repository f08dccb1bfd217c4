import Archive
import Definitions
import Hashing
import POSIX

/// What tells one state of a layer's files from another without reading them.
///
/// It is a digest over the records of a walk: path, kind, mode, owner, size, modification and change time, inode, device
/// and the number of names of every file. Whoever changes a file's content changes its change time, which nobody can set.
struct FileFingerprint: Sendable {
    /// The digest, for the key of a cache.
    let digest: [UInt8]
    /// False where a file changed so shortly before it was read that it could change once more in the same instant.
    let isLasting: Bool
    /// The files that have several names in this layer.
    let repeated: Set<FileIdentity>
    /// The files of this layer that have several names, wherever those are.
    let linked: Set<FileIdentity>

    /// What is gathered from records.
    ///
    /// A class, since a closure cannot change a value that is not copied.
    private final class Summary {
        private var hash: SHA256? = SHA256()
        private(set) var seen: Set<FileIdentity> = []
        var isLasting = true
        var repeated: Set<FileIdentity> = []

        func add(_ bytes: UnsafeRawBufferPointer) { hash?.update(bytes) }
        func add(_ bytes: [UInt8]) { hash?.update(bytes.span.bytes) }

        func add(_ status: FileStatus, readAfter start: Int64) {
            isLasting = isLasting && FileFingerprint.isLasting(status, readAfter: start)
            guard status.kind == .regular, status.links > 1 else { return }
            if !seen.insert(FileIdentity(status)).inserted { repeated.insert(FileIdentity(status)) }
        }

        func finish() -> [UInt8] {
            guard let hash = hash.take() else { return [] }
            return hash.finish()
        }
    }

    /// Reads the records of one layer.
    init(
        of layer: SurveyedFiles.Layer, in files: SurveyedFiles, from source: FileSource
    ) throws(ImageBuildError) {
        let summary = Summary()
        summary.add(try Self.folders(of: layer, in: files, from: source))
        for run in layer.runs {
            let folder = files.folders[run.folder]
            summary.add(Array("\(folder.path.count) ".utf8) + folder.path)
            try files.index.read(run.range) { (record, bytes) throws(ImageBuildError) in
                summary.add(bytes)
                summary.add(record.status, readAfter: files.started)
            }
        }
        digest = summary.finish()
        isLasting = summary.isLasting
        repeated = summary.repeated
        linked = summary.seen
    }

    /// What a layer's entries say of the divided folders, which are in every part: not their times, which change with
    /// every file that comes or goes, but where this part alone has them.
    private static func folders(
        of layer: SurveyedFiles.Layer, in files: SurveyedFiles, from source: FileSource
    ) throws(ImageBuildError) -> [UInt8] {
        var text = files.parents.flatMap(\.fingerprint)
        var cursor = try FolderCursor(of: files, from: source)
        for folder in files.dividedFolders(in: layer) {
            let status = folder.status
            let time = layer.part == .everything || layer.part == .folders ? source.time.seconds(status) : 0
            text += Array("\(status.mode) \(status.user) \(status.group) \(time) \(folder.path)".utf8)
            if files.isSingleFile { continue }
            let opened = try cursor.folder(at: folder.path)
            let attributes = try posix { () throws(POSIXError) in
                try opened.extendedAttributes { CarriedAttributes.isCarried($0, withModes: source.mode == .keep) }
            }
            text += attributes.fingerprint
        }
        return text
    }

    /// True where every later change of a file gives it another time.
    ///
    /// The kernel's clock for files stands still for up to 10 ms, and that of some file systems for two seconds, which
    /// a time without a fraction hints at. git knows the same trouble.
    /// <https://git-scm.com/docs/racy-git>, <https://docs.kernel.org/filesystems/multigrain-ts.html>
    private static func isLasting(_ status: FileStatus, readAfter start: Int64) -> Bool {
        let newest = max(status.modified, status.changed)
        let tick: Int64 = status.changed % 1_000_000_000 == 0 ? 2_000_000_000 : 20_000_000
        // A modification time in the future is somebody's wish; only the change time is the kernel's.
        return (newest > start ? status.changed : newest) < start - tick
    }
}

/// What makes two names one file.
struct FileIdentity: Sendable, Hashable {
    let inode: UInt64
    let device: UInt64

    init(_ status: FileStatus) {
        inode = status.inode
        device = status.device
    }
}

extension ArchiveEntry {
    /// Everything that a folder's entry says.
    var fingerprint: [UInt8] {
        Array("\(path) \(mode) \(user) \(group) \(modified)".utf8) + extendedAttributes.fingerprint
    }
}

extension [String: [UInt8]] {
    /// In the order of the names: a dictionary's own order differs from run to run.
    fileprivate var fingerprint: [UInt8] {
        sorted { $0.key < $1.key }.flatMap { Array("\($0.key) \($0.value)".utf8) }
    }
}
