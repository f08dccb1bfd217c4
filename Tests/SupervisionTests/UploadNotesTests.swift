import JSON
import POSIX
import RunContract
import Secrets
import SystemPackage
import TestSupport
import Testing

@testable import Supervision

/// What a start of the run finds of checkpoints that an earlier one was uploading.
struct UploadNotesTests {
    private let folder: TemporaryFolder
    private let pattern: CheckpointPattern
    private let checkpoint: LocalCheckpoint

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("data/ck/model_000007.bin", "weights")
        try folder.write("data/ck/meta_000007.json", "{}")
        let rule = Program.CheckpointRule(
            root: "ck", step: #"model_(\d+)\.bin"#, complete: ["model_{step}.bin", "meta_{step}.json"])
        pattern = try CheckpointPattern(rule, data: folder("data")) { $0 == "${RANKS}" ? "1" : $0 }
        let files = FolderScan.files(below: pattern.root)
        checkpoint = LocalCheckpoint(step: 7, stepText: "000007", files: files)
    }

    private func notes(run: String = "run", boot: String = "boot-1") -> UploadNotes {
        UploadNotes(
            folder("notes"), run: run, log: RunLog(hiding: [Secret](), output: nil), boot: boot)
    }

    private func note() async -> UploadNote {
        var note = notes().make(checkpoint, stage: "base", attempt: 3)
        note.done = [
            FileRecord(
                path: "meta_000007.json", key: "k", size: 2, partSize: 2, parts: [String(repeating: "a", count: 64)],
                uploadToken: "t")
        ]
        await notes().write(note)
        return note
    }

    @Test func `a note comes back as it was, until it is removed`() async throws {
        let note = await note()
        #expect(await notes().unfinished(of: "base", pattern) == [note])
        #expect(try UploadNote(json: JSONValue(parsing: note.json.encoded())) == note)
        #expect(await notes().unfinished(of: "other", pattern) == [])
        await notes().remove(note)
        #expect(await notes().unfinished(of: "base", pattern) == [])
    }

    @Test func `an artifact's note is an earlier start's as long as its files are the same`() async throws {
        let files = ["a/model.bin": folder("data/ck/model_000007.bin")]
        let first = await notes().make(artifact: "model", files, attempt: 3)
        #expect(first.attempt == 3 && first.checkpoint.files.count == 1)
        await notes().write(first)
        #expect(await notes().make(artifact: "model", files, attempt: 4) == first)
        #expect(await notes().make(artifact: "other", files, attempt: 4).attempt == 4)
        #expect(await notes(boot: "boot-2").make(artifact: "model", files, attempt: 4).attempt == 4)
        #expect(await notes().make(artifact: "model", [:], attempt: 4).attempt == 4)
        try folder.write("data/ck/model_000007.bin", "other weights")
        #expect(await notes().make(artifact: "model", files, attempt: 4).attempt == 4)
        #expect(await notes().unfinished(of: "model", pattern) == [])
    }

    @Test func `another run's note is left alone and does not count`() async throws {
        let note = await note()
        #expect(await notes(run: "other").unfinished(of: "base", pattern) == [])
        #expect(await notes().unfinished(of: "base", pattern) == [note])
    }

    @Test func `after a start of the machine nothing is known to be whole`() async throws {
        _ = await note()
        #expect(await notes(boot: "boot-2").unfinished(of: "base", pattern) == [])
        #expect(try FileSystem.names(in: folder("notes")).isEmpty)
        #expect(UploadNotes.currentBoot.count == 36)
    }

    @Test(arguments: ["data/ck/model_000007.bin", "data/ck/meta_000007.json"])
    func `a file that changed or vanished makes it worthless`(_ name: String) async throws {
        _ = await note()
        try folder.write(name, "other weights")
        #expect(await notes().unfinished(of: "base", pattern) == [])
        _ = await note()
        try FileSystem.remove(folder(name))
        #expect(await notes().unfinished(of: "base", pattern) == [])
    }

    @Test(arguments: ["", "{", "{\"version\": 2}", "[]"])
    func `what cannot be read does not count`(_ text: String) async throws {
        _ = await note()
        let name = try #require(FileSystem.names(in: folder("notes")).first)
        try FileSystem.write(Array(text.utf8), to: folder("notes").appending(name))
        #expect(await notes().unfinished(of: "base", pattern) == [])
    }
}
