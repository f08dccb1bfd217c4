import ObjectStorage
import Synchronization

/// Where the content of this machine's files is in the bucket already, whatever it was sent as.
///
/// A file that is an output and an artifact too, or a checkpoint, or that was restored, is copied by the service then:
/// none of its bytes passes the network again.
final class SentFiles: Sendable {
    /// What is smaller is sent: a copy takes more requests than that.
    static let least: Int64 = 8 << 20
    /// Each part's hash takes a hundred bytes; beyond this many the oldest files are forgotten, and sent if need be.
    private static let mostParts = 100_000

    /// A file's content as its snapshot tells it from any other.
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

    /// Takes note of a file that is in the bucket and was verified there.
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

    /// An object with the content of this file, which may be gone from the bucket meanwhile.
    func object(_ snapshot: FileSnapshot) -> UploadedObject? { state.withLock { $0.objects[Content(snapshot)] } }
}
