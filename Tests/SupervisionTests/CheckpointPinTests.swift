import ByteText
import JSON
import POSIX
import RunContract
import Secrets
import SystemPackage
import TestSupport
import Testing

@testable import Supervision

/// Checkpoints that stay readable while they wait for their upload, whatever the trainer does with their files.
struct CheckpointPinTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("ck/a/model_7.bin", "weights")
        try folder.write("ck/meta_7.json", "{}")
    }

    private func checkpoint(below root: FilePath) -> LocalCheckpoint {
        LocalCheckpoint(step: 7, stepText: "7", files: FolderScan(root).files)
    }

    private func pin(_ checkpoint: LocalCheckpoint, below root: FilePath) throws -> CheckpointPin {
        let names = checkpoint.files.keys.compactMap { RelativePath($0.text) }
        #expect(names.count == checkpoint.files.count)
        return try CheckpointPin(names, below: root, in: folder("pinned/7"))
    }

    private func contents(_ files: [UploadFile]) throws -> [String: String] {
        Dictionary(
            uniqueKeysWithValues: try files.map {
                ($0.name.description, String(decoding: try FileSystem.read($0.path), as: UTF8.self))
            })
    }

    private static let whole = ["a/model_7.bin": "weights", "meta_7.json": "{}"]

    @Test func `deleted files are there until the pin is released`() throws {
        let root = folder("ck")
        let checkpoint = checkpoint(below: root)
        let pin = try pin(checkpoint, below: root)
        try FileSystem.removeTree(root)
        let files = try #require(try checkpoint.uploadFiles(below: root, pin))
        #expect(try contents(files) == Self.whole)
        #expect(try checkpoint.uploadFiles(below: root) == nil)
        pin.release()
        #expect(try checkpoint.uploadFiles(below: root, pin) == nil && !FileSystem.exists(folder("pinned/7")))
    }

    @Test func `files that others replaced by name are the old ones`() throws {
        let root = folder("ck")
        let checkpoint = checkpoint(below: root)
        let pin = try pin(checkpoint, below: root)
        try folder.write("new", "other weights")
        try FileSystem.rename(folder("new"), to: folder("ck/a/model_7.bin"))
        #expect(try checkpoint.uploadFiles(below: root) == nil)
        #expect(try contents(#require(try checkpoint.uploadFiles(below: root, pin))) == Self.whole)
    }

    @Test func `what the trainer writes into a pinned file is a change`() throws {
        let root = folder("ck")
        let checkpoint = checkpoint(below: root)
        let pin = try pin(checkpoint, below: root)
        try File(folder("ck/a/model_7.bin"), .append(mode: 0o600)).write(Array("more".utf8))
        #expect(try checkpoint.uploadFiles(below: root, pin) == nil)
    }

    @Test func `a symbolic link is pinned as the file that it leads to`() throws {
        let root = folder("ck")
        try folder.write("elsewhere", "linked")
        try FileSystem.makeSymbolicLink(folder("ck/link_7"), to: folder("elsewhere"))
        let checkpoint = checkpoint(below: root)
        let pin = try pin(checkpoint, below: root)
        try FileSystem.removeTree(root)
        try FileSystem.remove(folder("elsewhere"))
        let files = try #require(try checkpoint.uploadFiles(below: root, pin))
        #expect(try contents(files)["link_7"] == "linked")
    }

    /// Most systems have a memory file system here, to which no file on a disk can have a hard link.
    @Test(.enabled(if: FileSystem.exists("/dev/shm")))
    func `files on another file system are held open`() throws {
        let root = try FileSystem.makeTemporaryFolder(in: "/dev/shm", prefix: "caasctl-pin-")
        defer { try? FileSystem.removeTree(root) }
        try FileSystem.write(Array("weights".utf8), to: root.appending("model_7.bin"))
        let checkpoint = checkpoint(below: root)
        let pin = try pin(checkpoint, below: root)
        try FileSystem.remove(root.appending("model_7.bin"))
        #expect(try contents(#require(try checkpoint.uploadFiles(below: root, pin))) == ["model_7.bin": "weights"])
    }

    @Test func `a file that is gone already cannot be pinned, and nothing is left of the attempt`() throws {
        let root = folder("ck")
        let checkpoint = checkpoint(below: root)
        try FileSystem.remove(folder("ck/meta_7.json"))
        #expect(throws: POSIXError.self) { try pin(checkpoint, below: root) }
        #expect(!FileSystem.exists(folder("pinned/7")))
    }

    @Test func `pinned files in the data folder are no checkpoints a second time`() throws {
        try folder.write(".caas/pinned/7/model_7.bin", "weights")
        #expect(FolderScan(folder.path).files.keys.allSatisfy { !$0.text.contains(".caas") })
    }
}
