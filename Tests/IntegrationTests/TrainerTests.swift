import Definitions
import POSIX
import RunContract
import SystemPackage
import TestSupport
import Testing

/// The folder of the Python environments with the libraries.
private let environments = ProcessEnvironment.value("CAASCTL_TRAINERS").map { FilePath($0) }

/// The libraries that people train with: each one's own saves, found complete by its kind, and its own resume.
///
/// `make trainers` installs them and runs this suite.
@Suite(.serialized, .enabled(if: environments != nil, "make trainers"))
struct TrainerTests {
    struct Library: Sendable, CustomTestStringConvertible {
        let kind: String
        let script: String
        let ranks: Int
        var environment = "main"
        /// True where torchrun starts one rank too.
        var needsLauncher = false
        /// The folder of the checkpoints below the trainer's own.
        var below = ""

        var testDescription: String { "\(kind), \(ranks) ranks" }
    }

    static let libraries =
        [1, 2].flatMap { ranks in
            [
                Library(kind: "nanochat", script: "nanochat", ranks: ranks),
                Library(kind: "hf-trainer", script: "hf_trainer", ranks: ranks),
                Library(kind: "hf-peft", script: "hf_peft", ranks: ranks),
                Library(kind: "hf-peft", script: "trl_dpo", ranks: ranks),
                Library(kind: "dcp", script: "dcp", ranks: ranks),
                Library(kind: "accelerate", script: "accelerate_state", ranks: ranks, below: "/checkpoints"),
                Library(kind: "lightning", script: "lightning_trainer", ranks: ranks),
                Library(
                    kind: "deepspeed", script: "deepspeed_trainer", ranks: ranks, environment: "deepspeed",
                    needsLauncher: true),
                Library(kind: "torchtune", script: "torchtune_trainer", ranks: ranks, environment: "torchtune"),
                Library(kind: "llama-factory", script: "llama_factory", ranks: ranks, environment: "llama-factory"),
            ]
        }
        + [
            Library(kind: "fsdp", script: "fsdp", ranks: 1, needsLauncher: true),
            Library(kind: "fsdp", script: "fsdp", ranks: 2),
            // On processors alone it loads no model on two ranks.
            Library(kind: "axolotl", script: "axolotl_trainer", ranks: 1, environment: "axolotl"),
        ]

    private static func rule(_ library: Library) throws -> Program.CheckpointRule {
        let text = """
            name: kind
            data: /data
            stages:
              - name: base
                run: [a]
                checkpoints: {kind: \(library.kind), root: "out\(library.below)", ranks: "\(library.ranks)", settle: 1s}
            """
        return try #require(try ProgramDefinition(parsing: text, file: "kind.yaml").program.stages[0].checkpoints)
    }

    private static func command(_ library: Library, pause: Double) throws -> [String] {
        let bin = try #require(environments).appending(library.environment).appending("bin")
        let script = Checkout.root.appending("Tests/Trainers/\(library.script).py").string
        let launcher =
            library.ranks > 1 || library.needsLauncher
            ? [bin.appending("torchrun").string, "--standalone", "--nproc_per_node=\(library.ranks)"]
            : [bin.appending("python").string]
        return launcher + [script, "--output=${DATA}/out", "--steps=40", "--save-every=10", "--pause=\(pause)"]
    }

    private static func run(_ name: String, _ library: Library, pause: Double) throws -> HostRun {
        var run = try HostRun("\(name)-\(library.script)-\(library.ranks)", "")
        run.program.stages[0].run = try command(library, pause: pause)
        run.program.stages[0].resume = ["--resume-from=${RESUME_PATH}"]
        run.program.stages[0].checkpoints = try rule(library)
        run.program.stages[0].retries = 0
        run.program.artifacts = []
        for (variable, value) in [
            ("HF_HUB_OFFLINE", "1"), ("OMP_NUM_THREADS", "1"), ("TOKENIZERS_PARALLELISM", "false"),
            ("HOME", run.folder.path.string), ("PYTHONDONTWRITEBYTECODE", "1"),
        ] {
            run.program.imageEnvironment[variable] = value
        }
        return run
    }

    /// Returns the losses that were printed, by step.
    private static func losses(_ printed: String) -> [Int: String] {
        let lines = printed.matches(of: #/\nstep (\d+)/40 loss: (\S+)/#)
        return Dictionary(lines.map { (Int($0.1) ?? 0, String($0.2)) }) { $1 }
    }

    @Test(arguments: libraries)
    func `a trainer that is killed goes on from its newest checkpoint on another disk, as if nothing had been`(
        _ library: Library
    ) async throws {
        let whole = Self.losses(try await Self.run("whole", library, pause: 0).finish())
        #expect(whole.count == 40)
        let run = try Self.run("killed", library, pause: 0.4)
        let first = try run.start("first")
        _ = try await eventually(within: 300) {
            first.printed.matches(of: /uploaded checkpoint base/).count >= 2 || first.status != nil ? true : nil
        }
        #expect(first.status == nil, "\(first.printed)")
        first.signal(9)
        _ = try await eventually { first.status }
        try run.loseDisk()
        let second = try await run.finish("second")
        let start = try #require(second.firstMatch(of: #/\nstarting at (\d+)\n/#).flatMap { Int($0.1) }, "\(second)")
        #expect(start >= 20, "\(second)")
        let resumed = Self.losses(second)
        #expect(resumed.keys.sorted() == Array((start + 1)...40))
        for (step, loss) in resumed {
            let (found, expected) = (Double(loss) ?? .nan, whole[step].flatMap { Double($0) } ?? .nan)
            #expect(abs(found - expected) <= 2e-3 * max(1, abs(expected)), "\(step): \(loss), not \(whole[step] ?? "")")
        }
    }
}
