import ByteText
import POSIX
import RunContract
import SystemPackage
import TestSupport
import Testing

@testable import Supervision

/// Checkpoints that are folders, which trainers find by the folder's name alone.
struct StepFolderTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func pattern(_ names: [String], keepLocal: Int? = nil) throws -> CheckpointPattern {
        var rule = Program.CheckpointRule(root: "out", step: #"checkpoint-(\d+)/state\.json"#, complete: names)
        (rule.ranks, rule.keepLocal) = ("2", keepLocal)
        return try CheckpointPattern(rule, data: folder.path) { (text) throws(SupervisionError) in text }
    }

    private static let huggingFace = ["checkpoint-{step}/model.safetensors", "checkpoint-{step}/state.json"]

    @Test(
        arguments: [
            (huggingFace, "out/checkpoint-7"), (["a/checkpoint-{step}/rng_{rank}.pth"], "out/a/checkpoint-7"),
            (["checkpoint-{step}/shards/{rank}.bin", "checkpoint-{step}/state.json"], "out/checkpoint-7"),
            (["model_{step}.bin"], nil), (["checkpoint-{step}/a", "state-{step}.json"], nil),
            (["checkpoint-{step}/a", "other-{step}/b"], nil), (["rank{rank}-{step}/a"], nil),
            (["{step}/{step}.bin"], "out/7"), (["epoch_{step}/a", "state/state.pt"], "out/epoch_7"),
        ] as [([String], String?)])
    func `a step has a folder of its own where all of its files are in it`(_ names: [String], _ own: String?) throws {
        #expect(try pattern(names).folder(of: "7") == own.map { folder($0) })
    }

    @Test func `what is left of a newer checkpoint is moved aside with its folder`() throws {
        for name in ["model.safetensors", "state.json", "tokenizer.json"] {
            try folder.write("out/checkpoint-100/\(name)", name)
        }
        // A trainer that was killed while it saved, one that was killed while it pruned, and an empty folder.
        try folder.write("out/checkpoint-200/README.md", "torn")
        try folder.write("out/checkpoint-0300/tokenizer/vocab.json", "torn")
        try FileSystem.makeFolder(folder("out/checkpoint-400"))
        try folder.write("out/runs/checkpoint-500.log", "no folder of a step")
        try folder.write("out/checkpoint-best/model.safetensors", "no step")
        let moved = try TornSets.moveAside(try pattern(Self.huggingFace), newerThan: 100, to: folder("aside"))
        #expect(moved == 3)
        let left = try FileSystem.names(in: folder("out")).map(\.string).sorted()
        #expect(left == ["checkpoint-100", "checkpoint-best", "runs"])
        #expect(try FileSystem.names(in: folder("out/checkpoint-100")).count == 3)
        #expect(FileSystem.exists(folder("aside/checkpoint-0300/tokenizer/vocab.json")))
    }

    @Test func `an old checkpoint is deleted with its folder`() throws {
        for step in [1, 2, 3] {
            for name in ["model.safetensors", "state.json", "tokenizer.json"] {
                try folder.write("out/checkpoint-\(step)/\(name)", "\(step)")
            }
        }
        let pattern = try pattern(Self.huggingFace, keepLocal: 2)
        let sets = CheckpointTracker(pattern).candidates(in: FolderScan(pattern.root).files)
        LocalRetention.apply(
            pattern, safe: Dictionary(uniqueKeysWithValues: sets.map { ($0.step, $0.files) }))
        let left = try FileSystem.names(in: folder("out")).map(\.string).sorted()
        #expect(left == ["checkpoint-2", "checkpoint-3"])
        #expect(try FileSystem.names(in: folder("out/checkpoint-2")).count == 3)
    }
}
