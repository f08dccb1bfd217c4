import OCI
import POSIX
import Synchronization
import SystemPackage

/// What a process uses of a store, noted in a file, so that nobody removes it under its hands.
///
/// Whoever removes blobs holds the gate's lock alone; whoever finds or adds one holds it with others for as long as the
/// note takes. So either the note comes first and the blob stays, or the blob is gone and is not found. The file is locked
/// as long as its process lives: the note of one that was killed protects nothing.
final class StoreSession: Sendable {
    private struct State: ~Copyable {
        var noted: Set<Digest> = []
        var notes: File?
        /// Held where notes cannot be written: then nothing is removed as long as this process lives.
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

    /// Opens the gate's file, without its lock.
    static func gate(in store: FilePath) throws(POSIXError) -> File {
        try File(store.appending("lock"), .update(mode: 0o644))
    }

    /// Notes the use of a blob, if it is there.
    func use(_ digest: Digest, at path: FilePath, ifThere isThere: () -> Bool) -> Bool {
        state.withLock { state in
            if state.noted.contains(digest) { return isThere() }
            guard isThere() else { return false }
            // Nobody else's store can be written to, and its owner's removals are met by an error later on.
            guard let gate = try? Self.gate(in: store), (try? gate.lock(wait: true, shared: true)) == true else {
                return true
            }
            guard isThere() else { return false }
            note(digest, &state, gate)
            // For whoever asks for what was not used for long; of no other use.
            try? FileSystem.setAccessed(path)
            return true
        }
    }

    /// Notes a blob that gets its name in `body`.
    func keep(_ digest: Digest, _ body: () throws(ImageStoreError) -> Void) throws(ImageStoreError) {
        let failure: ImageStoreError? = state.withLock { state in
            do throws(ImageStoreError) {
                let gate = try posix { () throws(POSIXError) in
                    let gate = try Self.gate(in: store)
                    _ = try gate.lock(wait: true, shared: true)
                    return gate
                }
                try body()
                note(digest, &state, gate)
                return nil
            } catch { return error }
        }
        if let failure { throw failure }
    }

    private func note(_ digest: Digest, _ state: inout State, _ gate: consuming File) {
        guard state.noted.insert(digest).inserted, state.gate == nil else { return }
        do throws(POSIXError) {
            if state.notes == nil { state.notes = try makeNotes() }
            try state.notes?.write(Array("\(digest)\n".utf8))
        } catch { state.gate = consume gate }
    }

    private func makeNotes() throws(POSIXError) -> File {
        let folder = Self.folder(in: store)
        try FileSystem.makeFolder(folder)
        let file = try File(FileSystem.temporaryPath(beside: folder.appending("session")), .create(mode: 0o644))
        _ = try file.lock(wait: false)
        return file
    }
}
