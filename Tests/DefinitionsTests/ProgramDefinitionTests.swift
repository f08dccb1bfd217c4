import Definitions
import JSON
import RunContract
import SystemPackage
import Testing
import Wording

@Suite struct ProgramDefinitionTests {
    private func parse(_ text: String) throws -> Program {
        try ProgramDefinition(parsing: text, file: "entrypoints/demo.yaml").program
    }

    @Test func `a file with everything becomes the program that the entrypoint reads`() throws {
        let program = try parse(
            #"""
            name: nanochat
            workdir: /workspace
            data: /data/nanochat
            environment: {OMP_NUM_THREADS: "1", BASE_DIR: "${DATA}", PATH: "/opt/bin:${PATH}"}
            requires: [WANDB_RUN]
            pass_secrets: [WANDB_API_KEY, HF_TOKEN]
            preflight:
              gpus: {count: "${GPUS:-8}", memory_gib: 70}
              disk: [{path: "${DATA}", gib: 200}]
              commands: [[python3, -c, import torch]]
            stages:
              - name: tokenizer
                run: [python3, -m, scripts.tok_train, "", "--run=${WANDB_RUN}"]
                outputs: [tokenizer/*]
              - name: base
                environment: {LOCAL: x}
                run: [torchrun, "--nproc_per_node=${RANKS}", "--x=${LOCAL}", "$${LITERAL}", --save-every=500]
                resume: ["--resume-from-step=${RESUME_STEP}"]
                checkpoints:
                  root: base_checkpoints/d24
                  step: 'model_(\d+)\.pt'
                  complete: ["model_{step}.pt", "optim_{step}_rank{rank}.pt"]
                  ranks: "${RANKS}"
                  settle: 2m
                  every: 2
                  keep: {local: 2, remote: 3}
                timeout: 8h
            artifacts: [{from: chatsft_checkpoints, into: model}]
            metrics: [{line: "loss:", match: 'step (?<step>\d+)/.* loss: (?<loss>[\d.]+)'}]
            serve:
              run: [python3, --port, "${SERVE_PORT}"]
              ready: /health
              public: false
            """#)
        #expect(program.environment["BASE_DIR"] == "${DATA}")
        #expect(program.preflight.gpuCount == "${GPUS:-8}")
        #expect(program.preflight.gpuMemoryGiB == "70")
        #expect(program.stages[0].run == ["python3", "-m", "scripts.tok_train", "", "--run=${WANDB_RUN}"])
        let base = program.stages[1]
        #expect(base.run[3] == "$${LITERAL}")
        #expect(base.timeout == 28_800)
        let rule = try #require(base.checkpoints)
        #expect(rule.step == .file(#"model_(\d+)\.pt"#))
        #expect((rule.settle, rule.every) == (120, 2))
        #expect((rule.keepLocal, rule.keepRemote) == (2, 3))
        #expect(program.serve?.ready == "/health")
        // The JSON form that is built into the image decodes to the same program.
        #expect(try Program(json: JSONValue(parsing: program.json.encoded())) == program)
    }

    private static func stage(_ lines: String) -> String {
        "name: demo\ndata: /data\nstages:\n  - name: one\n    run: [a]\n" + lines
    }
    private static func checkpoints(_ rule: String) -> String { stage("    checkpoints: {\(rule)}") }

    private static let mistakes = [
        // Unknown keys
        Mistake("name: demo\ndta: /data", says: ":2: unknown key 'dta'; did you mean 'data'?"),
        Mistake(
            stage("    chekpoints: {}"), says: ":6: unknown key 'chekpoints' in stages[0]; did you mean 'checkpoints'?"),
        Mistake(
            checkpoints("rot: a"), says: ":6: unknown key 'rot' in stages[0].checkpoints; did you mean 'root'?"),
        Mistake(
            "name: demo\ndata: /data\npreflight: {gpu: {count: 1}}",
            says: ":3: unknown key 'gpu' in preflight; did you mean 'gpus'?"),
        Mistake(
            "name: demo\ndata: /data\nserve: {run: [a], redy: /}",
            says: ":3: unknown key 'redy' in serve; did you mean 'ready'?"),
        // Missing keys
        Mistake("data: /data", says: ":1: 'name' is missing"),
        Mistake("name: demo", says: ":1: 'data' is missing"),
        Mistake("name: demo\ndata: /data", says: ":1: it has neither 'stages' nor 'serve'"),
        Mistake("name: demo\ndata: /data\nstages: [{name: a}]", says: ":3: 'run' is missing in stages[0]"),
        Mistake(checkpoints("root: a, step: '(a)'"), says: ":6: 'complete' is missing in stages[0].checkpoints"),
        // Wrong types
        Mistake("name: demo\ndata: data", says: ":2: 'data' is 'data'; an absolute path without '..' was expected"),
        Mistake(
            "name: demo\ndata: /data\nstages: {a: b}", says: ":3: 'stages' is a mapping; a list of stages was expected"),
        Mistake(
            "name: demo\ndata: /data\nstages: [{name: a, run: ls}]",
            says: ":3: 'stages[0].run' is 'ls'; a list with a command and its arguments was expected"),
        Mistake("name: demo\ndata: /data\nstages: [{name: a, run: []}]", says: ":3: 'stages[0].run' names no command"),
        Mistake(
            "name: demo\ndata: /data\nstages: [{name: a b, run: [a]}]",
            says: ":3: 'stages[0].name' is 'a b'; a name of letters, digits, '-' and '_' was expected"),
        Mistake(stage("  - {name: one, run: [a]}"), says: ":6: two stages have the name 'one'"),
        Mistake(
            stage("    timeout: 300000h"),
            says: ":6: 'stages[0].timeout' is '300000h'; a duration of at most 277777h was expected"),
        Mistake(
            stage("    retries: 1000000001"),
            says: ":6: 'stages[0].retries' is '1000000001'; a whole number of at most 1000000000 was expected"),
        Mistake(
            stage("    timeout: 90"),
            says: ":6: 'stages[0].timeout' is '90'; a duration, as in 90s, 20m or 8h, was expected"),
        Mistake(
            stage("    outputs: [/etc/passwd]"),
            says: ":6: 'stages[0].outputs[0]' is '/etc/passwd'; a path below 'data', without '..' was expected"),
        Mistake(
            "name: demo\ndata: /data\nserve: {run: [a], public: yes}",
            says: ":3: 'serve.public' is 'yes'; true or false was expected"),
        Mistake(
            "name: demo\ndata: /data\nserve: {run: [a], ready: health}",
            says: ":3: 'serve.ready' is 'health'; a path that begins with '/' was expected"),
        Mistake(
            "name: demo\ndata: /data\nserve: {run: [a], needs: [/final]}",
            says: ":3: 'serve.needs[0]' is '/final'; a path below 'data', without '..' was expected"),
        Mistake(
            "name: demo\ndata: /data\npreflight: {gpus: {count: many}}",
            says: ":3: 'preflight.gpus.count' is 'many'; a whole number was expected"),
        Mistake(
            "name: demo\ndata: /data\nartifacts: [{from: a, into: b/c}]",
            says: ":3: 'artifacts[0].into' is 'b/c'; a folder's name of letters, digits, '.', '-' and '_' was expected"),
        // Regular expressions
        Mistake(
            checkpoints("root: a, step: 'model_(', complete: [a]"),
            says: ":6: 'stages[0].checkpoints.step' is no regular expression that Swift's Regex understands"),
        Mistake(
            checkpoints(#"root: a, step: 'model_\d+', complete: ['a']"#),
            says: #":6: 'stages[0].checkpoints.step' has no group for the step; write one, as in 'model_(\d+)\.pt'"#),
        Mistake(
            checkpoints("root: a, step: '(?:a)[(]', complete: ['a']"),
            says: #":6: 'stages[0].checkpoints.step' has no group for the step; write one, as in 'model_(\d+)\.pt'"#),
        Mistake(
            checkpoints("root: a, step: '(a)', complete: ['m_{stp}']"),
            says: ":6: 'stages[0].checkpoints.complete[0]' has '{stp}'; known are {step} and {rank}"),
        Mistake(
            checkpoints("root: a, step: '(a)', complete: ['m']"),
            says: ":6: 'stages[0].checkpoints.complete' has no name with {step} in it"),
        Mistake(checkpoints("root: a"), says: ":6: stages[0].checkpoints has none of 'kind', 'folder' and 'step'"),
        Mistake(
            checkpoints("root: a, kind: hf-trianer"),
            says:
                ":6: 'stages[0].checkpoints.kind' is 'hf-trianer', and no kind of checkpoint; did you mean 'hf-trainer'?"
        ),
        Mistake(checkpoints("kind: fsdp"), says: ":6: 'root' is missing in stages[0].checkpoints"),
        Mistake(
            checkpoints("root: a, folder: 'c-{step}', step: '(a)', complete: ['m']"),
            says:
                ":6: 'stages[0].checkpoints.step' and 'stages[0].checkpoints.folder' exclude each other: the folder tells "
                + "the step"),
        Mistake(
            checkpoints("root: a, folder: 'c-*', complete: ['m']"),
            says: ":6: 'stages[0].checkpoints.folder' is 'c-*'; a folder's path with {step} in its last name, as in "
                + "checkpoint-{step} was expected"),
        Mistake(
            checkpoints("root: a, folder: 'c-{step}'"), says: ":6: 'complete' is missing in stages[0].checkpoints"),
        Mistake(
            checkpoints("root: a, folder: 'c-{step}', complete: []"),
            says: ":6: 'stages[0].checkpoints.complete' is empty"),
        Mistake(
            checkpoints("root: a, folder: 'c-{step}', complete: [{files: a, count: rank}]"),
            says: ":6: 'stages[0].checkpoints.complete[0].count' is 'rank'; a whole number was expected"),
        Mistake(
            "name: demo\ndata: /data\nmetrics: [{line: loss, match: '(\\d+)'}]",
            says: ":3: 'metrics[0].match' names no metric; name one with (?<loss>…)"),
        Mistake(
            "name: demo\ndata: /data\nmetrics: [{line: loss, match: '(?<a>'}]",
            says: ":3: 'metrics[0].match' is no regular expression that Swift's Regex understands"),
        // Variables
        Mistake(
            "name: demo\ndata: /data\nstages: [{name: a, run: [\"${RNAKS}\"]}]",
            says: ":3: 'stages[0].run[0]' names RNAKS, which is neither in 'environment' nor in 'requires'; "
                + "did you mean 'RANKS'?"),
        Mistake(
            "name: demo\ndata: /data\nstages: [{name: a, run: [\"${LEARNING_RATE}\"]}]",
            says: ":3: 'stages[0].run[0]' names LEARNING_RATE, which is neither in 'environment' nor in 'requires'; "
                + "give it a default as in ${LEARNING_RATE:-…}, or list it in 'requires'"),
        Mistake(
            "name: demo\ndata: /data\nstages: [{name: a, run: [\"${RESUME_STEP}\"]}]",
            says: ":3: 'stages[0].run[0]' names RESUME_STEP, which is known in 'resume' only"),
        Mistake(
            stage("    resume: [\"${SERVE_PORT}\"]"),
            says: ":6: 'stages[0].resume[0]' names SERVE_PORT, which is known in 'serve' only"),
        Mistake(
            "name: demo\ndata: /data\nrequires: [HF_TOKEN]\nstages: [{name: a, run: [\"${HF_TOKEN}\"]}]",
            says: ":4: 'stages[0].run[0]' names the secret HF_TOKEN, which others could read there; "
                + "the process finds it in its environment once 'pass_secrets' lists it"),
        Mistake(
            "name: demo\ndata: /data\npass_secrets: [PASSPHRASE]\nserve: {run: [\"${PASSPHRASE}\"]}",
            says: ":4: 'serve.run[0]' names the secret PASSPHRASE, which others could read there; "
                + "the process finds it in its environment once 'pass_secrets' lists it"),
        Mistake(
            "name: demo\ndata: /data\npass_secrets: [HF_TOKEN, AWS_SECRET_ACCESS_KEY]\nserve: {run: [a]}",
            says: ":3: 'pass_secrets' names AWS_SECRET_ACCESS_KEY, which is for the entrypoint alone: "
                + "a stage that uploads for itself needs a key of its own, under another name"),
        Mistake(
            "name: demo\ndata: /data\nenvironment: {A: \"${B}\", B: b}",
            says: ":3: 'environment.A' names B of the same mapping, whose values are expanded together"),
        Mistake(
            "name: demo\ndata: /data\nenvironment: {A: \"${STAGE}\"}",
            says: ":3: 'environment.A' names STAGE, which is known in stages only"),
        Mistake(
            "name: demo\ndata: \"${DATA}\"",
            says: ":2: 'data' names DATA, which is 'data' itself"),
        Mistake(
            "name: demo\ndata: /data\nenvironment: {HF_TOKEN: hf_x}\nstages: []",
            says:
                ":3: HF_TOKEN in environment is by its name a secret: an image keeps none; list it in 'secrets' of the "
                + "manifest, and in 'pass_secrets' here"),
        Mistake(
            stage("    environment: {WANDB_API_KEY: x}"),
            says: ":6: WANDB_API_KEY in stages[0].environment is by its name a secret: an image keeps none; list it in "
                + "'secrets' of the manifest, and in 'pass_secrets' here"),
        Mistake(
            "name: demo\ndata: \"/data/${ATTEMPT}\"",
            says: ":2: 'data' names ATTEMPT, which has no value yet when 'data' is expanded"),
        Mistake(
            "name: demo\nenvironment: {A: a}\ndata: \"/data/${A}\"",
            says: ":3: 'data' names A, which has no value yet when 'data' is expanded"),
        Mistake(
            "name: demo\ndata: /data\nstages: [{name: a, run: [b]}]\nartifacts: [{from: \"${STAGE}\", into: x}]",
            says: ":4: 'artifacts[0].from' names STAGE, which is known in stages only"),
        // Not supported yet
        Mistake(stage("    background: true"), says: ":6: 'stages[0].background' is not supported yet"),
        Mistake(stage("    stall: 0s"), says: ":6: 'stages[0].stall' is '0s'; a duration of at least 1s was expected"),
        Mistake(stage("    after: [one]"), says: ":6: 'stages[0].after' is not supported yet"),
        Mistake(stage("    matrix: {seed: [1, 2]}"), says: ":6: 'stages[0].matrix' is not supported yet"),
        Mistake(
            stage("    stall: soon"),
            says: ":6: 'stages[0].stall' is 'soon'; a duration, as in 90s, 20m or 8h, was expected"),
    ]

    @Test(arguments: mistakes) func `a mistake is named with its line`(mistake: Mistake) {
        let error = #expect(throws: Failure.self) { try parse(mistake.text) }
        #expect(error?.description == "cannot read entrypoints/demo.yaml\(mistake.says)")
    }

    /// Two of thirty thousand letters would be compared in gigabytes.
    @Test(.timeLimit(.minutes(1))) func `a word that nobody has typed is compared with none`() {
        let (known, named) = (String(repeating: "A", count: 30_000), String(repeating: "B", count: 30_000))
        let error = #expect(throws: Failure.self) {
            try parse("name: a\ndata: /d\nenvironment:\n  ? \(known)\n  : x\nworkdir: /${\(named)}\nstages: []\n")
        }
        #expect(error?.reason.hasSuffix("or list it in 'requires'") == true)
    }

    @Test(arguments: ["[", "(", "(?:"]) func `an expression of brackets without end is refused`(bracket: String) {
        let match = "(?<a>\(String(repeating: bracket, count: 20_000)))"
        let error = #expect(throws: Failure.self) {
            try parse("name: a\ndata: /d\nstages: [{name: a, run: [b]}]\nmetrics: [{line: l, match: '\(match)'}]\n")
        }
        #expect(error?.reason == "'metrics[0].match' is no regular expression that Swift's Regex understands")
    }
}
