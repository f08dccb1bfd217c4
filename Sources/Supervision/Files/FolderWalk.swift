import CLinux
import POSIX
import RunContract
import SystemPackage

/// A walk through everything below a folder, of any depth and size.
///
/// It omits nothing silently: entries that cannot be examined are reported too.
struct FolderWalk {
    /// The kind of an entry, with its status.
    enum Found {
        case file(FileStatus)
        case folder(FileStatus)
        /// A symbolic link, with the status of its target or the error from examining it.
        case link(Result<FileStatus, POSIXError>)
        /// A FIFO, a socket or a device.
        case special(FileStatus.Kind)
        case unreadable(POSIXError)
    }

    /// An entry of the walk.
    struct Place {
        let name: RelativePath
        let path: FilePath
        /// The folders that the walk is in, to detect a link back to one of them.
        fileprivate let above: [FolderNumber]

        /// Returns true if a folder is one of those that the walk is in.
        func leadsBack(to status: FileStatus) -> Bool { above.contains(FolderNumber(status)) }
    }

    /// Identifies a folder by its device and inode.
    fileprivate struct FolderNumber: Hashable {
        let device: UInt64
        let inode: UInt64
        init(_ status: FileStatus) { (device, inode) = (status.device, status.inode) }
    }

    private struct Folder {
        let path: FilePath
        let prefix: [UInt8]
        let above: [FolderNumber]
    }

    /// Calls `visit` for everything below `root`, with names below `prefix`; enters a folder if `visit` returns true.
    ///
    /// A folder is visited before its contents. A root that does not exist has no contents.
    static func walk(
        _ root: FilePath, below prefix: [UInt8] = [], _ visit: (Place, Found) -> Bool
    ) throws(POSIXError) {
        let status: FileStatus
        do throws(POSIXError) { status = try FileStatus(root, followingLinks: true) } catch {
            guard error.errno == .noSuchFileOrDirectory else { throw error }
            return
        }
        guard status.kind == .directory else { throw POSIXError("list", root, .notDirectory) }
        var waiting = [Folder(path: root, prefix: prefix, above: [FolderNumber(status)])]
        while let folder = waiting.popLast() {
            let names: [FilePath.Component]
            do throws(POSIXError) { names = try FileSystem.names(in: folder.path) } catch {
                // A folder that was deleted meanwhile has no contents.
                if error.errno == .noSuchFileOrDirectory { continue }
                guard let name = RelativePath(folder.prefix) else { throw error }
                _ = visit(Place(name: name, path: folder.path, above: folder.above), .unreadable(error))
                continue
            }
            var folders: [Folder] = []
            for name in names {
                let bytes = name.bytes
                let below = folder.prefix.isEmpty ? bytes : folder.prefix + [UInt8(ascii: "/")] + bytes
                guard let relative = RelativePath(below) else { continue }
                let place = Place(name: relative, path: folder.path.appending(name), above: folder.above)
                guard let found = examine(place.path), visit(place, found.what), let inside = found.folder else {
                    continue
                }
                folders.append(
                    Folder(path: place.path, prefix: below, above: folder.above + [FolderNumber(inside)]))
            }
            waiting += folders.reversed()
        }
    }

    /// Returns nil for an entry that has vanished; `folder` is the folder that may be entered.
    private static func examine(_ path: FilePath) -> (what: Found, folder: FileStatus?)? {
        let status: FileStatus
        do throws(POSIXError) { status = try FileStatus(path) } catch {
            return error.errno == .noSuchFileOrDirectory ? nil : (.unreadable(error), nil)
        }
        switch status.kind {
        case .regular: return (.file(status), nil)
        case .directory: return (.folder(status), status)
        case .symbolicLink:
            do throws(POSIXError) {
                let target = try FileStatus(path, followingLinks: true)
                return (.link(.success(target)), target.kind == .directory ? target : nil)
            } catch { return (.link(.failure(error)), nil) }
        case .fifo, .socket, .characterDevice, .blockDevice, .unknown: return (.special(status.kind), nil)
        }
    }
}

extension FilePath {
    /// The path's bytes as passed to the kernel.
    var bytes: [UInt8] { withPlatformString { start in Array(UnsafeRawBufferPointer(start: start, count: length)) } }
}

extension FilePath.Component {
    /// The name's bytes as the kernel returns them.
    var bytes: [UInt8] {
        withPlatformString { start in Array(UnsafeRawBufferPointer(start: start, count: strlen(start))) }
    }
}
