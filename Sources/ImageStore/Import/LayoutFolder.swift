import OCI
import POSIX
import SystemPackage
import Wording

/// An OCI layout in a folder.
struct LayoutFolder: LayoutContent {
    private let layout: Layout
    private let action: String

    init(_ folder: FilePath, action: String) {
        layout = Layout(folder: folder)
        self.action = action
    }

    func index() throws -> [UInt8] {
        try read(layout.folder.appending("index.json"), or: "\(layout.folder) is no OCI layout")
    }

    func document(_ blob: Descriptor) throws -> [UInt8] {
        try read(layout.path(of: blob.digest), or: "it lacks blob \(blob.digest)")
    }

    private func read(_ file: FilePath, or missing: String) throws -> [UInt8] {
        do throws(POSIXError) { return try FileSystem.read(file, limit: LayoutArchive.largestDocument) } catch {
            throw Failure(action, error.errno == .noSuchFileOrDirectory ? missing : error.description)
        }
    }

    func add(_ blobs: [Descriptor], to store: ImageStore) throws {
        for blob in blobs {
            guard layout.contains(blob) else {
                let exists = FileSystem.exists(layout.path(of: blob.digest))
                let problem = exists ? "has another length than its manifest says" : "is not there"
                throw Failure(action, "blob \(blob.digest) \(problem)")
            }
            try store.add(linking: layout.path(of: blob.digest), as: blob)
        }
    }
}

extension ImageStore {
    /// Adds a verified file as a hard link if possible, otherwise as a copy.
    func add(linking path: FilePath, as blob: Descriptor) throws {
        let target = self.path(of: blob.digest)
        let temporary = FileSystem.temporaryPath(beside: temporaryFolder.appending("blob"))
        try FileSystem.makeFolder(temporary.removingLastComponent())
        // Another user's file could change later, or become unreadable.
        guard (try? FileStatus(path))?.user == CurrentUser.id,
            (try? FileSystem.link(path, as: temporary)) == true
        else { return try add(copying: path, as: blob) }
        defer { try? FileSystem.remove(temporary) }
        try BlobCopy.verify(temporary, named: path, expecting: blob)
        try session.keep(blob.digest) { try FileSystem.rename(temporary, to: target) }
    }
}
