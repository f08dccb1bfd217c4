import ByteText
import RunContract
import SystemPackage
import Testing

@testable import Supervision

/// Which files of a scan are the checkpoint of a step, and what one lacks that is not complete.
struct CheckpointPatternTests {
    typealias Rule = Program.CheckpointRule

    private static func pattern(_ rule: Rule, ranks: String = "2") throws -> CheckpointPattern {
        var rule = rule
        rule.ranks = ranks
        return try CheckpointPattern(rule, data: "/data") { (text) throws(SupervisionError) in text }
    }

    /// Files by path, each with one byte but those that end with `=0`.
    private static func files(_ names: String) -> [ExactText: FileSnapshot] {
        var files: [ExactText: FileSnapshot] = [:]
        for (index, name) in names.split(separator: " ").enumerated() {
            let path = name.replacing("=0", with: "")
            files[ExactText(path)] = FileSnapshot(
                size: name.hasSuffix("=0") ? 0 : 1, modified: 0, inode: UInt64(index))
        }
        return files
    }

    private static let huggingFace: Rule = {
        var rule = Rule(
            root: "out", step: .folder("checkpoint-{step}"),
            complete: [
                .init("trainer_state.json"), .init("*model.*"), .init("rng_state*.pth", count: Rule.Requirement.ranks),
            ])
        rule.exclude = ["runs", "*.tmp"]
        return rule
    }()

    private static let numbered = Rule(
        root: "out", step: .file(#"(?:.*/)?[^/]*step=(\d+)\.ckpt"#), complete: [.init("**/*step={step}.ckpt")])

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let rule: Rule
        let files: String
        /// The files of each complete checkpoint, sorted.
        let complete: [String]
        var lacking: [String] = []

        init(_ description: String, _ rule: Rule, _ files: String, _ complete: [String], lacking: [String] = []) {
            (testDescription, self.rule, self.files, self.complete) = (description, rule, files, complete)
            self.lacking = lacking
        }
    }

    private static let whole =
        "checkpoint-10/a/merges.txt=0 checkpoint-10/model.safetensors checkpoint-10/rng_state_0.pth "
        + "checkpoint-10/rng_state_1.pth checkpoint-10/trainer_state.json"

    static let cases = [
        Case("a folder with all that is in it, empty files too", huggingFace, whole, [whole]),
        Case(
            "what is excluded is none of it", huggingFace,
            whole + " checkpoint-10/runs/events checkpoint-10/x.tmp checkpoint-10/a/y.tmp",
            [
                "checkpoint-10/a/merges.txt=0 checkpoint-10/a/y.tmp checkpoint-10/model.safetensors "
                    + "checkpoint-10/rng_state_0.pth checkpoint-10/rng_state_1.pth checkpoint-10/trainer_state.json"
            ]),
        Case(
            "other folders and files beside it are none", huggingFace, "\(whole) checkpoint-best/model.safetensors x",
            [whole]),
        Case(
            "a rank's file is missing", huggingFace, whole.replacing("checkpoint-10/rng_state_1.pth ", with: ""), [],
            lacking: ["2 of checkpoint-10/rng_state*.pth"]),
        Case(
            "a file that must be there is empty", huggingFace,
            whole.replacing("model.safetensors", with: "model.bin=0"),
            [], lacking: ["checkpoint-10/*model.*"]),
        Case(
            "one of several is empty", huggingFace, whole + " checkpoint-10/model.safetensors.index.json=0", [],
            lacking: ["checkpoint-10/*model.*"]),
        Case(
            "a step whose number has other digits", huggingFace, whole.replacing("-10/", with: "-0010/"),
            [whole.replacing("-10/", with: "-0010/")]),
        Case(
            "the epoch in the name is not the step", numbered, "epoch=0-step=10.ckpt v1/epoch=1-step=20.ckpt last.ckpt",
            ["epoch=0-step=10.ckpt", "v1/epoch=1-step=20.ckpt"]),
        Case(
            "files without wildcards, and one that may be there",
            {
                var rule = Rule(
                    root: "out", step: #"model_(\d+)\.pt"#, complete: ["model_{step}.pt", "meta_{step}.json"])
                rule.include = ["optim_{step}_rank*.pt"]
                return rule
            }(), "model_5.pt meta_5.json model_6.pt meta_6.json optim_6_rank0.pt optim_66_rank0.pt model_7.pt",
            ["meta_5.json model_5.pt", "meta_6.json model_6.pt optim_6_rank0.pt"], lacking: ["meta_7.json"]),
    ]

    @Test func `a file that each save writes anew belongs to the newest step, once it is younger`() throws {
        var rule = Rule(root: "out", step: #"epoch_(\d+)/.*"#, complete: ["epoch_{step}/*model*", "state.pt"])
        rule.include = ["epoch_{step}/**"]
        let pattern = try Self.pattern(rule)
        func complete(_ times: [String: Int64]) -> [Int] {
            let files = times.map { (ExactText($0.key), FileSnapshot(size: 1, modified: $0.value, inode: 1)) }
            return CheckpointTracker(pattern).candidates(in: Dictionary(uniqueKeysWithValues: files)).map(\.step)
        }
        let first: [String: Int64] = ["epoch_0/model.pt": 1, "epoch_0/config.json": 2]
        #expect(complete(first) == [])
        #expect(complete(first.merging(["state.pt": 1]) { $1 }) == [])
        #expect(complete(first.merging(["state.pt": 2]) { $1 }) == [0])
        let second = first.merging(["epoch_1/model.pt": 5, "epoch_1/config.json": 6]) { $1 }
        #expect(complete(second.merging(["state.pt": 2]) { $1 }) == [])
        #expect(complete(second.merging(["state.pt": 7]) { $1 }) == [1])
    }

    @Test(arguments: cases) func `the files of a step are those that its rule names`(_ example: Case) throws {
        let pattern = try Self.pattern(example.rule)
        let files = Self.files(example.files)
        let found = CheckpointTracker(pattern).candidates(in: files).map { checkpoint in
            checkpoint.files.keys.sorted().map(\.text)
        }
        #expect(found == example.complete.map { Self.files($0).keys.sorted().map(\.text) })
        #expect(pattern.sets(in: files).compactMap(\.found.lacking) == example.lacking)
        for checkpoint in CheckpointTracker(pattern).candidates(in: files) {
            #expect(pattern.isComplete(checkpoint.stepText, checkpoint.files))
            if example.rule.include.isEmpty {
                let less = checkpoint.files.filter { $0.key != checkpoint.files.keys.sorted().last }
                #expect(!pattern.isComplete(checkpoint.stepText, less))
            }
            for name in checkpoint.files.keys { #expect(pattern.memberStep(name.text) == checkpoint.step) }
        }
    }

    @Test(
        arguments: [
            (huggingFace, 10, whole, "/data/out/checkpoint-10"),
            (numbered, 20, "v1/epoch=1-step=20.ckpt", "/data/out/v1/epoch=1-step=20.ckpt"),
            (
                Rule(root: "out", step: #"model_(\d+)\.pt"#, complete: ["meta_{step}.json"]), 7,
                "meta_07.json model_07.pt", "/data/out/model_07.pt"
            ),
            (
                Rule(root: "out", step: #"model_(\d+)\.pt"#, complete: ["meta_{step}.json"]), 7, "meta_07.json",
                "/data/out"
            ),
        ] as [(Rule, Int, String, FilePath)])
    func `a trainer goes on from the folder or the file that tells the step`(
        _ rule: Rule, _ step: Int, _ files: String, _ path: FilePath
    ) throws {
        let point = try Self.pattern(rule).resumePoint(step, Self.files(files).keys.map(\.text))
        #expect(point == ResumePoint(step: step, path: path))
    }

    @Test func `what stands still and lacks a file is told, and what is written to is not`() throws {
        var tracker = CheckpointTracker(try Self.pattern(Self.huggingFace))
        let start = ContinuousClock.now
        func scan(_ names: String, at second: Int) {
            let scan = CheckpointTracker.Scan(
                files: Self.files(names), moment: start + .seconds(second), time: Int64(second) * 1_000_000_000)
            _ = tracker.observe(scan) { _ in false }
        }
        scan("checkpoint-10/model.safetensors checkpoint-20/model.safetensors", at: 0)
        scan("checkpoint-10/model.safetensors checkpoint-20/model.safetensors checkpoint-20/x", at: 50)
        #expect(tracker.torn.isEmpty)
        scan("checkpoint-10/model.safetensors checkpoint-20/model.safetensors checkpoint-20/x", at: 61)
        #expect(tracker.torn == ["10": "checkpoint-10/trainer_state.json"])
    }
}
