import OCI
import POSIX
import Synchronization
import SystemPackage

/// Records in a file which blobs a process uses, so that no other process prunes them.
///
/// Pruning holds the gate's lock exclusively; a process that finds or adds a blob holds it shared while it records the
/// blob. So either the record comes first and the blob stays, or the blob is gone and is not found. The process keeps
/// its file locked while it runs: the record of a killed process protects nothing.
final class StoreSession: Sendable {
    private struct State: ~Copyable {
        var noted: Set<Digest> = []
        var notes: File?
        /// The gate, locked if the record cannot be written: then nothing is pruned while this process runs.
        var gate: File?
    }

    private let store: FilePath
    private let state = Mutex(State())

    init(in store: FilePath) { self.store = store }

    deinit {
        state.withLock { state in
            if let path = state.notes?.path { try? FileSystem.remove(path) }
        }
    }

    static func folder(in store: FilePath) -> FilePath { store.appending("sessions") }

    /// Opens the gate's file without locking it.
    static func gate(in store: FilePath) throws -> File {
        try File(store.appending("lock"), .update(mode: 0o644))
    }

    /// Records the use of a blob if it exists; returns whether it exists.
    func use(_ digest: Digest, at path: FilePath, ifThere isThere: () -> Bool) -> Bool {
        state.withLock { state in
            if state.noted.contains(digest) { return isThere() }
            guard isThere() else { return false }
            // Another user's store is not writable; if its owner prunes the blob, the later read fails.
            guard let gate = try? Self.gate(in: store), (try? gate.lock(wait: true, shared: true)) == true else {
                return true
            }
            guard isThere() else { return false }
            note(digest, &state, gate)
            // Only pruning by last use reads the access time.
            try? FileSystem.setAccessed(path)
            return true
        }
    }

    /// Records a blob that gets its name in `body`.
    func keep(_ digest: Digest, _ body: () throws -> Void) throws {
        let failure: (any Error)? = state.withLock { state in
            do {
                let gate = try Self.gate(in: store)
                _ = try gate.lock(wait: true, shared: true)
                try body()
                note(digest, &state, gate)
                return nil
            } catch { return error }
        }
        if let failure { throw failure }
    }

    private func note(_ digest: Digest, _ state: inout State, _ gate: consuming File) {
        guard state.noted.insert(digest).inserted, state.gate == nil else { return }
        do {
            if state.notes == nil { state.notes = try makeNotes() }
            try state.notes?.write(Array("\(digest)\n".utf8))
        } catch { state.gate = consume gate }
    }

    private func makeNotes() throws -> File {
        let folder = Self.folder(in: store)
        try FileSystem.makeFolder(folder)
        let file = try File(FileSystem.temporaryPath(beside: folder.appending("session")), .create(mode: 0o644))
        _ = try file.lock(wait: false)
        return file
    }
}
