import ByteText
import Hashing
import POSIX
import Synchronization
package import SystemPackage

/// A folder as a bucket, for instance on a shared file system: each object is a plain file whose path is the key.
///
/// A file appears under its name only when its content, its name and its folders are on disk. No metadata is stored
/// next to it, so ``verify(_:)`` has to read every part. Symbolic links below the folder are never followed.
package final class FileStore: LocalStore {
    /// The number of parts copied or read at once; more would take cores from training runs.
    static let partsAtOnce = 2
    /// Files shorter than this, in bytes, have one part.
    static let minimumPartSize: Int64 = 16 << 20

    package let root: FilePath
    /// The limits on copies, which may have to leave the processors to other processes such as a training run.
    package let limits: TransferLimits
    /// The folders that this process has already cleaned of killed writers' files: once is enough for each.
    private let swept = Mutex<Set<ExactText>>([])

    /// Creates a store in a folder, which must exist when it is used.
    ///
    /// The folder is never created: otherwise a shared file system that is not mounted would go unnoticed.
    package init(_ root: FilePath, isBackground: Bool = false) {
        self.root = root
        limits = TransferLimits(nil, partsAtOnce: Self.partsAtOnce, isBackground: isBackground)
    }

    /// 0, because a folder has no clock of its own.
    package var clockOffset: Int { 0 }

    package var traits: StoreTraits { StoreTraits(isRemote: false, provesByListing: false) }

    /// Returns the name of an object in error messages.
    package func name(_ key: String) -> String { key.isEmpty ? "file://\(root)" : "file://\(root)/\(key)" }

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

    /// Opens the folder of a key's file; nil where there is none.
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

    /// Opens the folder of a key's file, creating and syncing missing folders.
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

    /// Removes the temporary files that killed writers left in a key's folder.
    func sweep(_ folder: Folder, of key: FileKey) {
        let name = ExactText(key.folders.map(\.string).joined(separator: "/"))
        guard swept.withLock({ $0.insert(name).inserted }) else { return }
        UnfinishedFile.sweep(folder)
    }

    /// Opens the file of a key; nil where there is none.
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

/// An open file of a store, which several threads may read.
final class StoredFile: Sendable {
    let file: File
    let status: FileStatus

    init(_ file: consuming File) throws(POSIXError) {
        status = try file.status()
        self.file = file
    }
}

extension StorageError {
    /// Describes an error of the store's file system.
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
