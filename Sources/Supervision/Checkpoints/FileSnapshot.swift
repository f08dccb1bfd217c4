import POSIX
import SystemPackage

/// What a scan saw of a file; two that are equal stand for one content.
struct FileSnapshot: Sendable, Hashable {
    let size: Int64
    /// Nanoseconds since 1970.
    let modified: Int64
    let inode: UInt64
    let device: UInt64

    init(size: Int64, modified: Int64, inode: UInt64, device: UInt64 = 0) {
        self.size = size
        self.modified = modified
        self.inode = inode
        self.device = device
    }

    /// Without the device's number, which is another one in a container that was started again.
    func isSameContent(as other: FileSnapshot) -> Bool {
        size == other.size && modified == other.modified && inode == other.inode
    }

    init(_ status: FileStatus) {
        self.init(size: status.size, modified: status.modified, inode: status.inode, device: status.device)
    }
}

/// The regular files below a folder.
enum FolderScan {
    /// A folder with more files is no checkpoint's, and walking it each second would cost the trainer time.
    private static let mostFiles = 200_000
    private static let deepest = 16

    /// Every regular file by its path below `root`; what vanishes meanwhile is left out, links are not followed.
    static func files(below root: FilePath) -> [String: FileSnapshot] {
        var found: [String: FileSnapshot] = [:]
        walk(root, prefix: "", depth: 0, into: &found)
        return found
    }

    private static func walk(
        _ folder: FilePath, prefix: String, depth: Int, into found: inout [String: FileSnapshot]
    ) {
        guard depth < deepest, let names = try? FileSystem.names(in: folder) else { return }
        for name in names where found.count < mostFiles {
            let path = folder.appending(name)
            guard let status = try? FileStatus(path) else { continue }
            switch status.kind {
            case .regular: found[prefix + name.string] = FileSnapshot(status)
            case .directory: walk(path, prefix: prefix + name.string + "/", depth: depth + 1, into: &found)
            default: break
            }
        }
    }
}
