import ObjectStorage
import Synchronization

/// The objects in the bucket that hold the content of this machine's files, under any key.
///
/// The service then copies a file that is both an output and an artifact, or a checkpoint, or was restored. None of its
/// bytes passes the network again.
final class SentFiles: Sendable {
    /// Minimum size in bytes; smaller files are uploaded, since a copy takes more requests than their upload.
    static let least: Int64 = 8 << 20
    /// Maximum number of parts; beyond it the oldest files are forgotten, and uploaded again if needed.
    ///
    /// Each part's hash takes a hundred bytes.
    private static let mostParts = 100_000

    /// Identifies a file's content by the size, modification time and inode of its snapshot.
    private struct Content: Hashable {
        let size: Int64
        let modified: Int64
        let inode: UInt64

        init(_ snapshot: FileSnapshot) { (size, modified, inode) = (snapshot.size, snapshot.modified, snapshot.inode) }
    }

    private struct State {
        var objects: [Content: UploadedObject] = [:]
        var order: [Content] = []
        var parts = 0
    }

    private let state = Mutex(State())

    /// Adds a file whose object was verified in the bucket.
    func add(_ object: UploadedObject, _ snapshot: FileSnapshot) {
        guard snapshot.size >= Self.least, snapshot.size == object.size else { return }
        let content = Content(snapshot)
        state.withLock { state in
            guard state.objects[content] == nil else { return }
            state.objects[content] = object
            state.order.append(content)
            state.parts += object.parts.count
            while state.parts > Self.mostParts, state.order.count > 1 {
                state.parts -= state.objects.removeValue(forKey: state.order.removeFirst())?.parts.count ?? 0
            }
        }
    }

    /// Returns an object with the content of this file; it may have been deleted from the bucket since.
    func object(_ snapshot: FileSnapshot) -> UploadedObject? { state.withLock { $0.objects[Content(snapshot)] } }
}
