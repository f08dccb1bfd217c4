import ByteText
import Definitions
import JSON
import POSIX
import RunContract
import SystemPackage
import TestSupport
import Testing

@testable import Supervision

/// The kinds of checkpoints, held to what the libraries themselves have written: Tests/Trainers/layouts.json.
struct CheckpointKindTests {
    /// The files of one checkpoint, in the order in which they became final.
    struct Layout: Sendable, CustomTestStringConvertible {
        let library: String
        let ranks: Int
        let files: [ExactText]

        var testDescription: String { "\(library), \(ranks) ranks" }
        var kind: String { library == "trl-dpo" ? "hf-peft" : library }
    }

    static let layouts: [Layout] = {
        guard let bytes = try? FileSystem.read(Checkout.root.appending("Tests/Trainers/layouts.json")),
            let json = try? JSONValue(parsing: bytes)
        else { return [] }
        return (json.object ?? [:]).sorted { $0.key < $1.key }.flatMap { library, ranks in
            (ranks.object ?? [:]).sorted { $0.key < $1.key }.map { count, files in
                let paths = (files.array ?? []).compactMap { $0["path"]?.string }
                return Layout(
                    library: library, ranks: Int(count) ?? 0,
                    files: paths.map { ExactText($0.replacing(/^checkpoints\//, with: "")) })
            }
        }
    }()

    private static func pattern(_ layout: Layout) throws -> CheckpointPattern {
        let text = """
            name: kind
            data: /data
            stages: [{name: base, run: [a], checkpoints: {kind: \(layout.kind), root: out, ranks: "\(layout.ranks)"}}]
            """
        let rule = try #require(try ProgramDefinition(parsing: text, file: "kind.yaml").program.stages[0].checkpoints)
        return try CheckpointPattern(rule, data: "/data") { (text) throws(SupervisionError) in text }
    }

    /// Returns what is found complete where the files became final one after the other.
    private static func complete(_ files: [ExactText], _ pattern: CheckpointPattern) -> [LocalCheckpoint] {
        var found: [ExactText: FileSnapshot] = [:]
        for (index, file) in files.enumerated() {
            found[file] = FileSnapshot(size: 1, modified: Int64(index), inode: UInt64(index))
        }
        return CheckpointTracker(pattern).candidates(in: found)
    }

    @Test func `every library has its layouts, of one rank and of two`() {
        #expect(Self.layouts.count >= 20)
        #expect(Set(Self.layouts.map(\.kind)).count >= 10)
        // On processors alone, axolotl loads no model on two ranks.
        for library in Set(Self.layouts.map(\.library)) {
            #expect(
                Self.layouts.filter { $0.library == library }.map(\.ranks) == (library == "axolotl" ? [1] : [1, 2]))
        }
    }

    @Test(arguments: layouts) func `a library's checkpoint is complete with all of its files`(_ layout: Layout) throws {
        let found = Self.complete(layout.files, try Self.pattern(layout))
        #expect(found.map { Set($0.files.keys) } == [Set(layout.files)])
    }

    /// Files that some of a library's checkpoints have and others not.
    private static let dispensable = [
        "training_args.bin", "scheduler.bin", "custom_checkpoint_0.pkl", "model.safetensors",
    ]

    @Test(arguments: layouts) func `one that lacks weights, an optimizer or a rank is none`(_ layout: Layout) throws {
        let pattern = try Self.pattern(layout)
        let endings = [".pt", ".pth", ".bin", ".safetensors", ".distcp", ".metadata", ".pkl", ".ckpt"]
        for file in layout.files where endings.contains(where: { file.text.hasSuffix($0) }) {
            let name = file.text.split(separator: "/").last.map(String.init) ?? ""
            // With DeepSpeed the weights are in the optimizer's folder too. A rank of DCP may have nothing to save.
            if Self.dispensable.contains(name) && (name != "model.safetensors" || layout.kind == "deepspeed") {
                continue
            }
            if layout.kind == "dcp", layout.ranks > 1, name.hasSuffix(".distcp") { continue }
            if file.text.contains("ref/") { continue }
            // DeepSpeed may have the scheduler in its own files; torchtune's index is written after the weights.
            if layout.kind == "deepspeed", name == "scheduler.pt" { continue }
            if layout.kind == "torchtune", name.hasSuffix(".safetensors") { continue }
            #expect(Self.complete(layout.files.filter { $0 != file }, pattern).isEmpty, "\(file)")
        }
    }

    @Test(arguments: layouts) func `one that is being written is none`(_ layout: Layout) throws {
        let pattern = try Self.pattern(layout)
        let last = layout.files.last {
            !Self.dispensable.contains($0.text.split(separator: "/").last.map(String.init) ?? "")
        }
        let end = try #require(last.flatMap { layout.files.firstIndex(of: $0) })
        for count in 0..<end { #expect(Self.complete(Array(layout.files.prefix(count)), pattern).isEmpty, "\(count)") }
    }
}
