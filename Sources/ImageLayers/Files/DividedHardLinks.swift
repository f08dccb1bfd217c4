import POSIX
import Synchronization

/// Counts the files whose names are divided among several layers, each of which contains a copy of the file.
///
/// A hard link cannot refer to a file in another layer, because some programs unpack each layer alone.
final class DividedHardLinks: Sendable {
    private let state = Mutex<(seen: Set<FileID>, divided: Set<FileID>)>(([], []))

    /// Records the files with several names in a layer.
    func add(_ files: Set<FileID>) {
        if files.isEmpty { return }
        state.withLock { state in
            state.divided.formUnion(state.seen.intersection(files))
            state.seen.formUnion(files)
        }
    }

    /// Returns a warning with advice for the user, or nil if there are no such files.
    func warning(_ title: String) -> String? {
        let count = state.withLock { $0.divided.count }
        if count == 0 { return nil }
        let files = count == 1 ? "a file has" : "\(count) files have"
        return "\(title): \(files) hard links in several of the layers, and take their room in each; "
            + "'split: none' keeps them together"
    }
}
