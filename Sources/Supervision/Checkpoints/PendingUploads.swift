import ByteText
import Hashing
import JSON
import POSIX
import RunContract
import SystemPackage

/// The notes of one run about files that are complete on the disk but not yet in the bucket.
struct PendingUploads: Sendable {
    private let folder: FilePath
    private let run: String
    /// The prefix of the run in the bucket.
    private let root: String
    private let boot: String
    private let log: RunLog
    let pins: CheckpointPins

    init(
        _ folder: FilePath, pins: CheckpointPins, run: String, root: String, log: RunLog,
        boot: String = Self.currentBoot
    ) {
        self.folder = folder
        self.pins = pins
        self.run = run
        self.root = root
        self.log = log
        self.boot = boot
    }

    /// The machine's boot ID. <https://man7.org/linux/man-pages/man5/proc_sys_kernel.5.html>
    static var currentBoot: String {
        let bytes = (try? FileSystem.read("/proc/sys/kernel/random/boot_id", limit: 4096)) ?? []
        return String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
    }

    /// Returns a note about a checkpoint that has just been found complete.
    func make(_ checkpoint: LocalCheckpoint, stage: String, attempt: Int, save: Int) -> PendingUpload {
        var files: [RelativePath: FileSnapshot] = [:]
        for (name, snapshot) in checkpoint.files {
            if let path = RelativePath(name.text) { files[path] = snapshot }
        }
        return PendingUpload(
            run: run, content: .checkpoint(stage: stage, step: checkpoint.step, stepText: checkpoint.stepText),
            attempt: attempt, save: save, boot: boot, files: files)
    }

    /// Returns an artifact's note: that of an earlier attempt if the files have not changed since, else a new one.
    func make(artifact into: String, _ files: [UploadFile], attempt: Int) async -> PendingUpload {
        await BlockingThread.run {
            let snapshots = Dictionary(files.map { ($0.name, $0.snapshot) }) { $1 }
            let new = PendingUpload(
                run: run, content: .artifact(into: into), attempt: attempt, boot: boot, files: snapshots)
            guard let old = read(path(of: new)), old.content == new.content, !boot.isEmpty, old.boot == boot,
                old.files.count == snapshots.count,
                old.files.allSatisfy({ snapshots[$0.key]?.isSameContent(as: $0.value) == true })
            else { return new }
            return old
        }
    }

    /// Writes a note; without it a later attempt only repeats the training that the checkpoint would have saved.
    func write(_ note: PendingUpload) async {
        let failure = await BlockingThread.run { () -> POSIXError? in
            do throws(POSIXError) {
                try FileSystem.makeFolder(folder)
                try FileSystem.write(note.json.prettyEncoded(), to: path(of: note), sync: true)
                return nil
            } catch { return error }
        }
        if let failure { log.say("an upload starts over if this container is killed: \(failure)") }
    }

    /// Removes the note of a checkpoint that is in the bucket or obsolete.
    func remove(_ note: PendingUpload) async {
        await BlockingThread.run {
            pins.release(note)
            try? FileSystem.remove(path(of: note))
        }
    }

    /// Removes all notes of the run, which is complete.
    func clear() async {
        await BlockingThread.run {
            pins.clear()
            // Notes that cannot be removed belong to a complete run, and nothing reads them.
            for name in (try? names()) ?? [] {
                let file = folder.appending(name)
                if read(file) != nil { try? FileSystem.remove(file) }
            }
        }
    }

    /// Returns the notes of a stage's checkpoints that earlier attempts found complete, the lowest step first.
    ///
    /// A note is removed if a file has changed since, or if a crash of the machine may have truncated one.
    func unfinished(of stage: String, _ pattern: CheckpointPattern) async throws(SupervisionError) -> [PendingUpload] {
        do throws(POSIXError) {
            let found = try await BlockingThread.run { () throws(POSIXError) -> [PendingUpload] in
                var notes: [PendingUpload] = []
                for name in try names() {
                    let file = folder.appending(name)
                    guard let note = read(file), case .checkpoint(stage, _, _) = note.content else { continue }
                    guard try !isWhole(note, pattern) else {
                        notes.append(note)
                        continue
                    }
                    pins.release(note)
                    try FileSystem.remove(file)
                }
                return notes
            }
            return found.sorted { $0.order < $1.order }
        } catch { throw SupervisionError(.restore, "look for checkpoints that were not uploaded yet", "\(error)") }
    }

    private func names() throws(POSIXError) -> [FilePath.Component] {
        do throws(POSIXError) { return try FileSystem.names(in: folder) } catch {
            guard error.errno == .noSuchFileOrDirectory else { throw error }
            return []
        }
    }

    private func read(_ file: FilePath) -> PendingUpload? {
        guard let bytes = try? FileSystem.read(file), let json = try? JSONValue(parsing: bytes),
            let note = try? PendingUpload(json: json, below: root), note.run == run
        else { return nil }
        return note
    }

    private func isWhole(_ note: PendingUpload, _ pattern: CheckpointPattern) throws(POSIXError) -> Bool {
        guard !boot.isEmpty, note.boot == boot, let checkpoint = note.checkpoint,
            pattern.isComplete(checkpoint.stepText, checkpoint.files)
        else { return false }
        pins.putBack(note, below: pattern.root)
        return try checkpoint.uploadFiles(below: pattern.root) != nil
    }

    private func path(of note: PendingUpload) -> FilePath { folder.appending("\(note.fileName).json") }
}

extension PendingUpload {
    /// The note's name on the disk, unique among the notes of a run.
    var fileName: String {
        func short(_ text: String) -> Substring { SHA256.hash(Array(text.utf8)).hexadecimal.prefix(8) }
        switch content {
        case .checkpoint(let stage, let step, _): return "\(step)-\(attempt)-\(save)-\(short(stage))"
        case .artifact(let into): return "artifact-\(short(into))"
        }
    }
}
