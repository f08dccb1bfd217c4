import JSON
import RunContract
import Testing

struct ProgramTests {
    static var full: Program {
        var program = Program(name: "nanochat", data: "/data/${RUN_ID}")
        program.workdir = "/workspace"
        program.environment = ["OMP_NUM_THREADS": "1"]
        program.requires = ["WANDB_RUN"]
        program.passSecrets = ["HF_TOKEN"]
        program.preflight = Program.Preflight(
            gpuCount: "8", gpuMemoryGiB: "70", disks: [.init(path: "${DATA}", gib: "200")],
            commands: [["python3", "-c", "import torch"]])
        var stage = Program.Stage(name: "base", run: ["torchrun", "--nproc_per_node=${RANKS}"])
        stage.resume = ["--resume-from-step=${RESUME_STEP}"]
        stage.environment = ["A": "b"]
        stage.outputs = ["tokenizer/*"]
        stage.timeout = 28_800
        stage.stall = 1200
        stage.retries = 1
        stage.isBackground = true
        stage.after = ["tokenizer"]
        var rule = Program.CheckpointRule(
            root: "base/d24", step: #"model_(\d+)\.pt"#, complete: ["model_{step}.pt", "optim_{step}_rank{rank}.pt"])
        rule.keepLocal = 2
        rule.keepRemote = 3
        rule.settle = 3
        rule.every = 2
        stage.checkpoints = rule
        program.stages = [Program.Stage(name: "tokenizer", run: ["python3", "-m", "tok"]), stage]
        program.artifacts = [.init(from: "chatsft", into: "model")]
        program.metrics = [.init(line: "loss:", match: #"loss: (?<loss>[\d.]+)"#)]
        program.serve = .init(run: ["python3", "serve.py"], ready: "/health", isPublic: true)
        program.imageEnvironment = ["PATH": "/usr/bin"]
        program.childEnvironment = ["LD_PRELOAD": "/lib/x.so"]
        return program
    }

    @Test func `a program survives its JSON form`() throws {
        let bytes = Self.full.json.encoded()
        #expect(try Program(json: JSONValue(parsing: bytes)) == Self.full)
    }

    @Test func `a program with nothing optional survives too`() throws {
        let program = Program(name: "p", data: "/data")
        #expect(try Program(json: program.json) == program)
    }

    @Test(arguments: ["name", "data", "version"])
    func `a program without a member it needs is refused by name`(member: String) {
        var json = Self.full.json
        json[member] = nil
        let error = #expect(throws: JSONError.self) { try Program(json: json) }
        #expect(error?.reason == "'\(member)' is missing")
    }
}
