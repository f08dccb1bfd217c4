import Hashing
import JSON
import POSIX
import SystemPackage

/// The notes of one run about what is complete on the disk and not yet in the bucket.
struct UploadNotes: Sendable {
    private let folder: FilePath
    private let run: String
    private let boot: String
    private let log: RunLog

    init(_ folder: FilePath, run: String, log: RunLog, boot: String = Self.currentBoot) {
        self.folder = folder
        self.run = run
        self.log = log
        self.boot = boot
    }

    /// The machine's name for its own last start. <https://man7.org/linux/man-pages/man5/proc_sys_kernel.5.html>
    static var currentBoot: String {
        let bytes = (try? FileSystem.read("/proc/sys/kernel/random/boot_id", limit: 4096)) ?? []
        return String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
    }

    /// A note about a checkpoint that has just been found complete.
    func make(_ checkpoint: LocalCheckpoint, stage: String, attempt: Int) -> UploadNote {
        UploadNote(run: run, content: .checkpoint(stage: stage), attempt: attempt, boot: boot, checkpoint: checkpoint)
    }

    /// A note about an artifact; the one of an earlier start where the files are still what they were.
    func make(artifact into: String, _ files: [String: FilePath], attempt: Int) async -> UploadNote {
        await BlockingThread.run {
            let snapshots = files.compactMapValues { file in
                (try? FileStatus(file, followingLinks: true)).map(FileSnapshot.init)
            }
            let new = UploadNote(
                run: run, content: .artifact(into: into), attempt: attempt, boot: boot,
                checkpoint: LocalCheckpoint(step: 0, stepText: "", files: snapshots))
            guard let old = read(path(of: new)), old.content == new.content, !boot.isEmpty, old.boot == boot,
                Set(old.checkpoint.files.keys) == Set(snapshots.keys),
                old.checkpoint.files.allSatisfy({ snapshots[$0.key]?.isSameContent(as: $0.value) == true })
            else { return new }
            return old
        }
    }

    /// Writes a note; where that fails, a start after this one only has to train what it would have kept.
    func write(_ note: UploadNote) async {
        let failure = await BlockingThread.run { () -> POSIXError? in
            do throws(POSIXError) {
                try FileSystem.makeFolder(folder)
                try FileSystem.write(note.json.prettyEncoded(), to: path(of: note), sync: true)
                return nil
            } catch { return error }
        }
        if let failure { log.say("an upload starts over if this container is killed: \(failure)") }
    }

    /// Removes the note of a checkpoint that is in the bucket, or that makes no sense any more.
    func remove(_ note: UploadNote) async { await BlockingThread.run { try? FileSystem.remove(path(of: note)) } }

    /// Removes every note of the run, which is complete.
    func clear() async {
        await BlockingThread.run {
            for name in (try? FileSystem.names(in: folder)) ?? [] {
                let file = folder.appending(name)
                if read(file) != nil { try? FileSystem.remove(file) }
            }
        }
    }

    /// The checkpoints of a stage that earlier starts found complete, the lowest step first.
    ///
    /// A file that is not what it was then, or that a crash of the machine may have cut, makes its note worthless.
    func unfinished(of stage: String, _ pattern: CheckpointPattern) async -> [UploadNote] {
        let found = await BlockingThread.run { () -> [UploadNote] in
            let names = (try? FileSystem.names(in: folder)) ?? []
            return names.compactMap { name in
                let file = folder.appending(name)
                guard let note = read(file), note.content == .checkpoint(stage: stage) else { return nil }
                guard isWhole(note, pattern) else {
                    try? FileSystem.remove(file)
                    return nil
                }
                return note
            }
        }
        return found.sorted { ($0.checkpoint.step, $0.attempt) < ($1.checkpoint.step, $1.attempt) }
    }

    private func read(_ file: FilePath) -> UploadNote? {
        guard let bytes = try? FileSystem.read(file), let json = try? JSONValue(parsing: bytes),
            let note = try? UploadNote(json: json), note.run == run
        else { return nil }
        return note
    }

    private func isWhole(_ note: UploadNote, _ pattern: CheckpointPattern) -> Bool {
        guard !boot.isEmpty, note.boot == boot else { return false }
        let names = Set(pattern.files(of: note.checkpoint.stepText))
        guard !names.isEmpty, names == Set(note.checkpoint.files.keys) else { return false }
        return note.checkpoint.files.allSatisfy { path, snapshot in
            guard let status = try? FileStatus(pattern.root.appending(path)) else { return false }
            return status.kind == .regular && FileSnapshot(status).isSameContent(as: snapshot)
        }
    }

    private func path(of note: UploadNote) -> FilePath {
        func short(_ text: String) -> Substring { SHA256.hash(Array(text.utf8)).hexadecimal.prefix(8) }
        switch note.content {
        case .checkpoint(let stage):
            return folder.appending("\(note.checkpoint.step)-\(note.attempt)-\(short(stage)).json")
        case .artifact(let into): return folder.appending("artifact-\(short(into)).json")
        }
    }
}
