import JSON
import POSIX
import RunContract
import SystemPackage
import TestSupport
import Testing

@testable import Supervision

/// Fuzzes program.json, which comes with an image and is the first file that PID 1 reads.
///
/// Whatever it contains, PID 1 reports an error or goes on, and no key of the bucket is exposed. Runs for one second by
/// default; CAASCTL_FUZZ_SECONDS sets the duration, and CAASCTL_FUZZ_SEED the seed.
@Suite struct ProgramFuzzTests {
    private static let key = "the-key-to-the-bucket"

    private static let whole: JSONValue = {
        var program = Program(name: "tiny", data: "/data/${RUN_ID}")
        program.workdir = "${DATA}/work"
        program.environment = ["A": "${B:-b}", "PATH": "/opt:${PATH}"]
        program.requires = ["WANDB_RUN"]
        program.passSecrets = ["HF_TOKEN"]
        program.preflight = Program.Preflight(
            gpuCount: "${GPU_COUNT}", gpuMemoryGiB: "1", disks: [.init(path: "${DATA}", gib: "1")],
            commands: [["true", "${A}"]])
        var stage = Program.Stage(name: "base", run: ["/train", "${STAGE}", "$${x}"])
        stage.resume = ["--resume=${RESUME_STEP}"]
        stage.environment = ["C": "${A}"]
        stage.outputs = ["out/*"]
        stage.timeout = 60
        var rule = Program.CheckpointRule(root: "ck", step: #"m_(\d+)"#, complete: ["m_{step}", "o_{step}_{rank}"])
        (rule.keepLocal, rule.keepRemote) = (2, 3)
        stage.checkpoints = rule
        program.stages = [stage, Program.Stage(name: "next", run: ["true"])]
        program.artifacts = [Program.Artifact(from: "final", into: "model")]
        program.metrics = [Program.MetricRule(line: "loss", match: #"loss: (?<loss>[\d.]+)"#)]
        program.serve = Program.Serve(run: ["serve", "${SERVE_PORT}"], ready: "/", isPublic: true)
        program.imageEnvironment = ["PATH": "/bin", "R2_PREFIX": "x", "OLD": "1"]
        program.childEnvironment = ["LD_PRELOAD": "x", "https_proxy": "y"]
        return program.json
    }()

    private static let pieces = [
        "${", "}", "${}", ":-", "$${", "${R2_SECRET_ACCESS_KEY}", "${STATUS_TOKEN:-x}", "R2_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN", "STATUS_TOKEN", "CAAS_SECRETS", "\0", "../..", "/", "\u{202E}", "(", "(?<a>", "*",
        "{step}",
        "{rank}", "\\", "-1", "9223372036854775807", "null", "[", "\"",
    ]
    private static let values: [JSONValue] = [
        .null, .bool(true), .integer(0), .integer(-1), .integer(Int.max), .integer(Int.min), "", [], [:], ["x"],
        ["x": "y"],
    ]

    /// Returns a document with one random change.
    private static func changed(_ value: JSONValue, _ numbers: inout SeededGenerator) -> JSONValue {
        if Int.random(in: 0..<8, using: &numbers) == 0 { return values.randomElement(using: &numbers) ?? .null }
        if var members = value.object, let name = members.keys.sorted().randomElement(using: &numbers) {
            switch Int.random(in: 0..<6, using: &numbers) {
            case 0: members[name] = nil
            case 1: members[pieces.randomElement(using: &numbers) ?? ""] = members[name]
            default: members[name] = members[name].map { changed($0, &numbers) }
            }
            return .object(members)
        }
        if var elements = value.array, let index = elements.indices.randomElement(using: &numbers) {
            switch Int.random(in: 0..<6, using: &numbers) {
            case 0: elements.remove(at: index)
            case 1: elements.append(elements[index])
            default: elements[index] = changed(elements[index], &numbers)
            }
            return .array(elements)
        }
        guard case .string(let text) = value else { return values.randomElement(using: &numbers) ?? .null }
        let at = text.index(text.startIndex, offsetBy: Int.random(in: 0...text.count, using: &numbers))
        return .string(text[..<at] + (pieces.randomElement(using: &numbers) ?? "") + text[at...])
    }

    private static func document(_ numbers: inout SeededGenerator) -> [UInt8] {
        var value = whole
        for _ in 0..<Int.random(in: 1...4, using: &numbers) { value = changed(value, &numbers) }
        var bytes = value.encoded()
        guard Int.random(in: 0..<4, using: &numbers) == 0 else { return bytes }
        for _ in 0..<Int.random(in: 1...8, using: &numbers) where !bytes.isEmpty {
            let at = Int.random(in: 0..<bytes.count, using: &numbers)
            switch Int.random(in: 0..<4, using: &numbers) {
            case 0: bytes[at] = UInt8.random(in: 0...255, using: &numbers)
            case 1: bytes.remove(at: at)
            case 2: bytes.insert(contentsOf: Array((pieces.randomElement(using: &numbers) ?? "").utf8), at: at)
            default: bytes.removeSubrange(at...)
            }
        }
        return bytes
    }

    /// Parses a program and returns the environments and arguments of its processes.
    private static func go(_ bytes: [UInt8]) throws -> [[String: String]] {
        let program = try Program(json: JSONValue(parsing: bytes))
        #expect(try Program(json: program.json) == program)
        let sent = [
            "R2_ACCESS_KEY_ID": key, "R2_SECRET_ACCESS_KEY": key, "STATUS_TOKEN": key, "AWS_SESSION_TOKEN": key,
            "R2_ENDPOINT_URL": "http://127.0.0.1:1", "R2_BUCKET_NAME": "b", "WANDB_RUN": "run", "HF_TOKEN": "hf",
            "OLD": "2",
        ]
        let inherited = InheritedEnvironment(sent, image: program.imageEnvironment)
        // Continue after an invalid configuration: the rest must hold for it too.
        _ = try? RunConfiguration(program: program, inherited: inherited)
        _ = try? MetricReader(program.metrics)
        var stages = StageEnvironment(program: program, inherited: inherited)
        stages.provided = ["RUN_ID": "tiny-1", "DATA": "/data", "ATTEMPT": "1", "GPU_COUNT": "0", "RANKS": "2"]
        var found = [stages.process((try? stages.programVariables()) ?? [:])]
        for stage in program.stages {
            guard let variables = try? stages.variables(of: stage) else { continue }
            found.append(stages.process(variables))
            for text in stage.run + stage.resume + stage.outputs {
                if let expanded = try? StageEnvironment.expand(text, { variables[$0] }) { found.append(["": expanded]) }
            }
            if let rule = stage.checkpoints {
                let pattern = try? CheckpointPattern(rule, data: "/data") { (text) throws(SupervisionError) in
                    try StageEnvironment.expand(text) { variables[$0] }
                }
                _ = pattern?.step(in: "m_12")
            }
        }
        return found
    }

    @Test func `whatever a program says, PID 1 survives it and keeps its keys`() throws {
        let seconds = ProcessEnvironment.value("CAASCTL_FUZZ_SECONDS").flatMap { Double($0) } ?? 1
        let seed =
            ProcessEnvironment.value("CAASCTL_FUZZ_SEED").flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64.max)
        // Printed before the seed is used, since a crash prints nothing.
        print("fuzzing program.json from CAASCTL_FUZZ_SEED=\(seed)")
        var numbers = SeededGenerator(seed: seed)
        let end = ContinuousClock.now + .seconds(seconds)
        var (count, read) = (0, 0)
        repeat {
            let bytes = Self.document(&numbers)
            count += 1
            guard let found = try? Self.go(bytes) else { continue }
            read += 1
            for variables in found where variables.values.contains(where: { $0.contains(Self.key) }) {
                Issue.record("a key comes out of \(String(decoding: bytes, as: UTF8.self))")
                return
            }
        } while ContinuousClock.now < end
        print("\(count) programs, of which \(read) could be read")
        // Otherwise only the parser was tested.
        #expect(count < 100 || read > 0)
    }
}
