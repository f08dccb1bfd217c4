import CLinux
import POSIX
import RunContract
import SystemPackage

/// Everything below a folder, one name after the other, however deep and however much.
///
/// Nothing is left out without a word: what cannot be looked at is found too.
struct FolderWalk {
    /// What a name is.
    enum Found {
        case file(FileStatus)
        case folder(FileStatus)
        /// A symbolic link, and what it leads to or why that cannot be looked at.
        case link(Result<FileStatus, POSIXError>)
        /// A FIFO, a socket or a device.
        case special(FileStatus.Kind)
        case unreadable(POSIXError)
    }

    /// A name on the way.
    struct Place {
        let name: RelativePath
        let path: FilePath
        /// The folders that the walk came through, so that a link back to one of them is noticed.
        fileprivate let above: [FolderNumber]

        /// True where a folder is one of those that the walk came through.
        func leadsBack(to status: FileStatus) -> Bool { above.contains(FolderNumber(status)) }
    }

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

    /// Tells `visit` everything below `root`, whose names stand below `prefix`; a folder is entered where it says so.
    ///
    /// A folder is told before what is in it. A root that is not there has nothing below it.
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
                // A folder that was there a moment ago and is not any more has nothing in it.
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

    /// nil for what vanished meanwhile; `folder` is what may be entered.
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
    /// The path as the kernel gets it.
    var bytes: [UInt8] { withPlatformString { start in Array(UnsafeRawBufferPointer(start: start, count: length)) } }
}

extension FilePath.Component {
    /// The name as the kernel has it.
    var bytes: [UInt8] {
        withPlatformString { start in Array(UnsafeRawBufferPointer(start: start, count: strlen(start))) }
    }
}
