import JSON
import POSIX
import RunContract
import Secrets
import SystemPackage
import TestSupport
import Testing

@testable import Supervision

/// The notes of checkpoints that an earlier attempt was uploading.
struct PendingUploadsTests {
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
        let files = FolderScan(pattern.root).files
        checkpoint = LocalCheckpoint(step: 7, stepText: "000007", files: files)
    }

    private func notes(run: String = "run", boot: String = "boot-1") -> PendingUploads {
        PendingUploads(
            folder("notes"), pins: CheckpointPins(folder: folder("pinned")), run: run, root: "",
            log: RunLog(hiding: [Secret](), output: nil), boot: boot)
    }

    private func note() async throws -> PendingUpload {
        var note = notes().make(checkpoint, stage: "base", attempt: 3, save: 2)
        note.done = [
            FileRecord(
                path: try #require(RelativePath("meta_000007.json")), key: "k", size: 2, partSize: 2,
                parts: [String(repeating: "a", count: 64)],
                uploadToken: "t")
        ]
        await notes().write(note)
        return note
    }

    @Test func `a note comes back as it was, until it is removed`() async throws {
        let note = try await note()
        #expect(try await notes().unfinished(of: "base", pattern) == [note])
        #expect(try PendingUpload(json: JSONValue(parsing: note.json.encoded()), below: "") == note)
        #expect(try await notes().unfinished(of: "other", pattern) == [])
        await notes().remove(note)
        #expect(try await notes().unfinished(of: "base", pattern) == [])
    }

    @Test func `a pinned checkpoint that the trainer deleted is whole for a later attempt`() async throws {
        let note = try await note()
        let pin = try #require(notes().pins.pin(note, below: pattern.root))
        try FileSystem.removeTree(folder("data/ck"))
        #expect(try await notes().unfinished(of: "base", pattern) == [note])
        #expect(try FileSystem.read(folder("data/ck/model_000007.bin")) == Array("weights".utf8))
        pin.release()
        try FileSystem.removeTree(folder("data/ck"))
        #expect(try await notes().unfinished(of: "base", pattern) == [])
        #expect(try FileSystem.names(in: folder("notes")).isEmpty)
    }

    @Test func `an artifact's note is an earlier start's as long as its files are the same`() async throws {
        let path = folder("data/ck/model_000007.bin")
        let files = [
            UploadFile(name: try #require(RelativePath("a/model.bin")), path: path, status: try FileStatus(path))
        ]
        let first = await notes().make(artifact: "model", files, attempt: 3)
        #expect(first.attempt == 3 && first.files.count == 1)
        await notes().write(first)
        #expect(await notes().make(artifact: "model", files, attempt: 4) == first)
        #expect(await notes().make(artifact: "other", files, attempt: 4).attempt == 4)
        #expect(await notes(boot: "boot-2").make(artifact: "model", files, attempt: 4).attempt == 4)
        #expect(await notes().make(artifact: "model", [], attempt: 4).attempt == 4)
        try folder.write("data/ck/model_000007.bin", "other weights")
        let changed = UploadFile(name: files[0].name, path: path, status: try FileStatus(path))
        #expect(await notes().make(artifact: "model", [changed], attempt: 4).attempt == 4)
        #expect(try await notes().unfinished(of: "model", pattern) == [])
    }

    @Test func `another run's note is left alone and does not count`() async throws {
        let note = try await note()
        #expect(try await notes(run: "other").unfinished(of: "base", pattern) == [])
        #expect(try await notes().unfinished(of: "base", pattern) == [note])
    }

    @Test func `after a start of the machine nothing is known to be whole`() async throws {
        _ = try await note()
        #expect(try await notes(boot: "boot-2").unfinished(of: "base", pattern) == [])
        #expect(try FileSystem.names(in: folder("notes")).isEmpty)
        #expect(PendingUploads.currentBoot.count == 36)
    }

    @Test(arguments: ["data/ck/model_000007.bin", "data/ck/meta_000007.json"])
    func `a file that changed or vanished makes it worthless`(_ name: String) async throws {
        _ = try await note()
        try folder.write(name, "other weights")
        #expect(try await notes().unfinished(of: "base", pattern) == [])
        _ = try await note()
        try FileSystem.remove(folder(name))
        #expect(try await notes().unfinished(of: "base", pattern) == [])
    }

    @Test(arguments: ["", "{", "{\"version\": 2}", "[]"])
    func `what cannot be read does not count`(_ text: String) async throws {
        _ = try await note()
        let name = try #require(FileSystem.names(in: folder("notes")).first)
        try FileSystem.write(Array(text.utf8), to: folder("notes").appending(name))
        #expect(try await notes().unfinished(of: "base", pattern) == [])
    }
}
