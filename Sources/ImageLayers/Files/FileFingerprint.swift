import Archive
import Definitions
import Hashing
import POSIX

/// A fingerprint that identifies the state of a layer's files without reading them.
///
/// It is a digest of the records of a walk: path, kind, mode, owner, size, modification time, change time, inode,
/// device and number of links of each file. Every change of a file's content also changes its change time, which
/// programs cannot set.
struct FileFingerprint: Sendable {
    /// The digest, for the key of a cache.
    let digest: [UInt8]
    /// False if a file changed so shortly before it was read that another change could get the same time.
    let isLasting: Bool
    /// The files that have several names in this layer.
    let repeated: Set<FileID>
    /// The files of this layer that have several names anywhere.
    let linked: Set<FileID>

    /// Accumulates the fingerprint from records.
    ///
    /// This is a class because a closure cannot modify a noncopyable value.
    private final class Summary {
        private var hash: SHA256? = SHA256()
        private(set) var seen: Set<FileID> = []
        var isLasting = true
        var repeated: Set<FileID> = []

        func add(_ bytes: UnsafeRawBufferPointer) { hash?.update(bytes) }
        func add(_ bytes: [UInt8]) { hash?.update(bytes.span.bytes) }

        func add(_ status: FileStatus, readAfter start: Int64) {
            isLasting = isLasting && FileFingerprint.isLasting(status, readAfter: start)
            guard status.kind == .regular, status.links > 1 else { return }
            if !seen.insert(status.id).inserted { repeated.insert(status.id) }
        }

        func finish() -> [UInt8] {
            guard let hash = hash.take() else { return [] }
            return hash.finish()
        }
    }

    /// Reads the records of one layer.
    init(of layer: SurveyedFiles.Layer, in files: SurveyedFiles, from source: FileSource) throws {
        let summary = Summary()
        summary.add(try Self.folders(of: layer, in: files, from: source))
        for run in layer.runs {
            let folder = files.folders[run.folder]
            summary.add(Array("\(folder.path.count) ".utf8) + folder.path)
            try files.index.read(run.range) { (record, bytes) in
                summary.add(bytes)
                summary.add(record.status, readAfter: files.started)
            }
        }
        digest = summary.finish()
        isLasting = summary.isLasting
        repeated = summary.repeated
        linked = summary.seen
    }

    /// Returns the attributes of the divided folders, which are in every part.
    ///
    /// Their times change with every file that is added or removed, so they count only where one layer alone has them.
    private static func folders(
        of layer: SurveyedFiles.Layer, in files: SurveyedFiles, from source: FileSource
    ) throws -> [UInt8] {
        var text = files.parents.flatMap(\.fingerprint)
        var cursor = try FolderCursor(of: files, from: source)
        for folder in files.dividedFolders(in: layer) {
            let status = folder.status
            let time = layer.part == .everything || layer.part == .folders ? source.time.seconds(status) : 0
            text += Array("\(status.mode) \(status.user) \(status.group) \(time) \(folder.path)".utf8)
            if files.isSingleFile { continue }
            let opened = try cursor.folder(at: folder.path)
            let attributes = try opened.extendedAttributes {
                CarriedAttributes.isCarried($0, withModes: source.mode == .keep)
            }
            text += attributes.fingerprint
        }
        return text
    }

    /// Returns whether every later change of a file is certain to change its time.
    ///
    /// The kernel's clock for files advances in steps of up to 10 ms. The clock of some file systems advances in steps
    /// of two seconds, which a time without a fraction suggests. git has the same problem.
    /// <https://git-scm.com/docs/racy-git>,
    /// <https://docs.kernel.org/filesystems/multigrain-ts.html>
    private static func isLasting(_ status: FileStatus, readAfter start: Int64) -> Bool {
        let newest = max(status.modified, status.changed)
        let tick: Int64 = status.changed % 1_000_000_000 == 0 ? 2_000_000_000 : 20_000_000
        // A modification time in the future was set by a program; only the change time always comes from the kernel.
        return (newest > start ? status.changed : newest) < start - tick
    }
}

extension ArchiveEntry {
    /// All attributes of a folder's entry.
    var fingerprint: [UInt8] {
        Array("\(path) \(mode) \(user) \(group) \(modified)".utf8) + extendedAttributes.fingerprint
    }
}

extension [String: [UInt8]] {
    /// Sorted by name, because the order of a dictionary differs between processes.
    fileprivate var fingerprint: [UInt8] {
        sorted { $0.key < $1.key }.flatMap { Array("\($0.key) \($0.value)".utf8) }
    }
}
