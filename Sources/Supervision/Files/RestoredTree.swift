import POSIX
import RunContract
import SystemPackage

/// Creates the links and folders of a record, after its files were restored.
enum RestoredTree {
    static func make(_ tree: TreeRecord, below root: FilePath) throws(POSIXError) {
        for folder in tree.folders { try FileSystem.makeFolder(folder.path.path(below: root)) }
        for link in tree.links {
            let path = link.path.path(below: root)
            let target = link.targetPath
            try FileSystem.makeFolder(path.removingLastComponent())
            if let there = try? FileSystem.readLink(path), there == target { continue }
            try FileSystem.remove(path)
            try FileSystem.makeSymbolicLink(path, to: target)
        }
        // The deepest first: creating an entry changes its folder's modification time, and the folder's mode may forbid
        // it.
        for folder in tree.folders.reversed() {
            try FileSystem.setAttributes(folder.path.path(below: root), folder.attributes)
        }
    }
}

extension FileSystem {
    /// Sets the recorded mode and modification time of a file or folder.
    static func setAttributes(_ path: FilePath, _ attributes: FileAttributes) throws(POSIXError) {
        try setMode(path, attributes.mode)
        try setModified(path, nanoseconds: attributes.modified)
    }
}
