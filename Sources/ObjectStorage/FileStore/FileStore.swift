import ByteText
import Hashing
import POSIX
import Synchronization
package import SystemPackage

/// A folder as a bucket, as on a shared file system: each object is a plain file, and its key is its path.
///
/// A file appears under its name when it is whole and on the disk, name and folders too. Nothing is kept beside it: what
/// an object is, its bytes decide, so that ``verify(_:)`` reads every part. No link below the folder is followed.
package final class FileStore: ObjectStore {
    /// Parts that are copied or read at once; more would take cores from those who train.
    static let partsAtOnce = 2
    /// Files shorter than this have one part.
    static let minimumPartSize: Int64 = 16 << 20

    /// The folder.
    package let root: FilePath
    /// Whether copies must not slow anybody else on this machine now, as beside a training.
    package let limits: TransferLimits
    /// Where this process has looked for what killed writers left: once is enough, however many files come.
    private let swept = Mutex<Set<ExactText>>([])

    /// A store in a folder, which must be there by the time that it is used.
    ///
    /// It is never made: a shared file system that is not mounted would go unnoticed.
    package init(_ root: FilePath, isBackground: Bool = false) {
        self.root = root
        limits = TransferLimits(nil, partsAtOnce: Self.partsAtOnce, isBackground: isBackground)
    }

    /// A folder has no clock of its own.
    package var clockOffset: Int { 0 }

    /// How messages name an object.
    func name(_ key: String) -> String { key.isEmpty ? "file://\(root)" : "file://\(root)/\(key)" }

    func openRoot(_ action: String) throws(StorageError) -> Folder {
        do throws(POSIXError) { return try Folder(root) } catch {
            guard [.noSuchFileOrDirectory, .notDirectory].contains(error.errno) else {
                throw StorageError(inStore: error, doing: action)
            }
            throw StorageError(
                .noSuchBucket, action,
                "there is no folder \(root); make it, or mount the file system that should hold it")
        }
    }

    /// The folder that a key's file is in, nil where there is none.
    func folder(_ key: FileKey, _ action: String) throws(StorageError) -> Folder? {
        var current = try openRoot(action)
        for name in key.folders {
            do throws(POSIXError) { current = try current.folder(name) } catch {
                if error.errno == .noSuchFileOrDirectory { return nil }
                throw StorageError(inStore: error, doing: action)
            }
        }
        return current
    }

    /// The folder that a key's file goes into, made where it is not there, on the disk when this returns.
    func makeFolder(_ key: FileKey, _ action: String) throws(StorageError) -> Folder {
        var current = try openRoot(action)
        do throws(POSIXError) {
            for name in key.folders {
                do throws(POSIXError) { current = try current.folder(name) } catch {
                    guard error.errno == .noSuchFileOrDirectory else { throw error }
                    do throws(POSIXError) { try current.makeFolder(name, mode: 0o777) } catch {
                        guard error.errno == .fileExists else { throw error }
                    }
                    try current.sync()
                    current = try current.folder(name)
                }
            }
        } catch { throw StorageError(inStore: error, doing: action) }
        return current
    }

    /// Removes what killed writers left beside a key's file.
    func sweep(_ folder: Folder, of key: FileKey) {
        let name = ExactText(key.folders.map(\.string).joined(separator: "/"))
        guard swept.withLock({ $0.insert(name).inserted }) else { return }
        UnfinishedFile.sweep(folder)
    }

    /// Opens the file of a key, nil where there is none.
    func open(_ key: String, _ action: String) throws(StorageError) -> StoredFile? {
        let place = try FileKey(key, doing: action)
        guard let folder = try folder(place, action) else { return nil }
        do throws(POSIXError) {
            let file = try StoredFile(try folder.open(place.name))
            return file.status.kind == .regular ? file : nil
        } catch {
            if error.errno == .noSuchFileOrDirectory { return nil }
            throw StorageError(inStore: error, doing: action)
        }
    }
}

/// A file of a store, open to be read by several threads.
final class StoredFile: Sendable {
    let file: File
    let status: FileStatus

    init(_ file: consuming File) throws(POSIXError) {
        status = try file.status()
        self.file = file
    }
}

extension StorageError {
    /// Words what the file system of a store refuses.
    init(inStore error: POSIXError, doing action: String) {
        switch error.errno {
        case .permissionDenied, .notPermitted, .readOnlyFileSystem:
            self.init(.accessDenied, action, "this user may not do this (\(error)); ask for write permission there")
        case .noSpace, .diskQuotaExceeded:
            self.init(.unreachable, action, "\(error); free some space there and try again")
        case .staleNFSFileHandle, .ioError, .timedOut, .noSuchAddressOrDevice:
            self.init(.unreachable, action, "the file system does not answer as it should (\(error))")
        case .tooManySymbolicLinkLevels, .notDirectory:
            self.init(.other, action, "\(error.path) is no folder or a link, and links below a store are not followed")
        default: self.init(.other, action, error.description)
        }
    }
}
