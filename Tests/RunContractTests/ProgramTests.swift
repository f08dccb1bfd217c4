import JSON
import RunContract
import Testing
import Wording

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
        program.inputs = [
            .init(run: "${BASE_RUN}", artifact: "model", into: "base"), .init(run: "demo-1", artifact: "tokenizer"),
        ]
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
        program.serve = .init(run: ["python3", "serve.py"], ready: "/health", isPublic: true, needs: ["final/*"])
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

    @Test func `a program without inputs has the form that older entrypoints read`() {
        #expect(Program(name: "p", data: "/data").json["inputs"] == nil)
    }

    @Test func `inputs are named by what is sent`() throws {
        let inputs = try Self.full.inputs { ["BASE_RUN": "base-1"][$0] }
        #expect(inputs.map(\.run.description) == ["base-1", "demo-1"])
        #expect(inputs.map(\.into) == ["base", "tokenizer"])
        #expect(throws: Failure.self) { try Self.full.inputs { _ in nil } }
        #expect(throws: Failure.self) { try Self.full.inputs { _ in "../other" } }
    }

    @Test(arguments: ["..", "a/../b", "/a", "a//b", ""])
    func `an input's folder is below the data folder`(into: String) {
        var program = Program(name: "p", data: "/data")
        program.inputs = [.init(run: "demo-1", artifact: "model", into: "${INTO}")]
        #expect(throws: Failure.self) { try program.inputs { _ in into } }
    }

    @Test func `a variable is what was sent, else the program's, else the image's`() {
        var program = Program(name: "p", data: "/data")
        program.environment = ["A": "program", "B": "${C}/${D}", "E": "${GPU_COUNT}"]
        program.imageEnvironment = ["A": "image", "C": "image", "D": "image"]
        let sent = ["D": "sent"]
        #expect(program.value(of: "A", sent: sent) == "program")
        #expect(program.value(of: "A", sent: ["A": "sent"]) == "sent")
        #expect(program.value(of: "B", sent: sent) == "image/sent")
        #expect(program.value(of: "C", sent: sent) == "image")
        #expect(program.value(of: "DATA", sent: sent) == "/data")
        #expect(program.value(of: "E", sent: sent) == nil)
        #expect(program.value(of: "Z", sent: sent) == nil)
    }

    @Test(arguments: ["name", "data", "version"])
    func `a program without a member it needs is refused by name`(member: String) {
        var json = Self.full.json
        json[member] = nil
        let error = #expect(throws: JSONError.self) { try Program(json: json) }
        #expect(error?.reason == "'\(member)' is missing")
    }

    /// Swift's Regex would end the process by the depth of its brackets.
    @Test(arguments: [
        String(repeating: "[", count: 20_000), String(repeating: "(", count: 201),
        String(repeating: "a", count: 10_001),
    ])
    func `an expression that Regex cannot bear is refused`(text: String) throws {
        #expect(!ExpressionText.isModest(text))
        var program = Self.full
        program.metrics = [Program.MetricRule(line: "a", match: text)]
        let error = #expect(throws: JSONError.self) { try Program(json: program.json) }
        #expect(error?.reason == "'match' is too long for a regular expression")
        var stage = Program.Stage(name: "a", run: ["b"])
        stage.checkpoints = Program.CheckpointRule(root: "a", step: text, complete: ["{step}"])
        program = Program(name: "a", data: "/d")
        program.stages = [stage]
        #expect(throws: JSONError("'step' is too long for a regular expression")) { try Program(json: program.json) }
    }
}
