import POSIX
import Synchronization

/// Counts the files whose names went to several layers, each of which holds the file for itself.
///
/// A hard link leads nowhere out of its layer for programs that unpack each layer alone.
final class DividedHardLinks: Sendable {
    private let state = Mutex<(seen: Set<FileIdentity>, divided: Set<FileIdentity>)>(([], []))

    /// Notes the files with several names that a layer holds.
    func add(_ files: Set<FileIdentity>) {
        if files.isEmpty { return }
        state.withLock { state in
            state.divided.formUnion(state.seen.intersection(files))
            state.seen.formUnion(files)
        }
    }

    /// What a user should know and can do about it, nil where there are none.
    func warning(_ title: String) -> String? {
        let count = state.withLock { $0.divided.count }
        if count == 0 { return nil }
        let files = count == 1 ? "a file has" : "\(count) files have"
        return "\(title): \(files) hard links in several of the layers, and take their room in each; "
            + "'split: none' keeps them together"
    }
}
