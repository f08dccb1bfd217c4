import Definitions
import RunContract
import SystemPackage
import Testing
import Wording

struct ProgramInputTests {
    private func inputs(_ text: String) throws -> [Program.Input] {
        let yaml = """
            name: tune
            data: /data
            requires: [BASE_RUN]
            pass_secrets: [HF_TOKEN]
            inputs: \(text)
            stages: [{name: train, run: ["true"]}]
            """
        return try ProgramDefinition(parsing: yaml, file: "tune.yaml").program.inputs
    }

    @Test func `a program starts from other runs' artifacts`() throws {
        let text = #"[{run: "${BASE_RUN}", artifact: model, into: base/model}, {run: demo-1, artifact: tokenizer}]"#
        #expect(
            try inputs(text) == [
                .init(run: "${BASE_RUN}", artifact: "model", into: "base/model"),
                .init(run: "demo-1", artifact: "tokenizer"),
            ])
    }

    @Test(arguments: [
        ("[{artifact: model}]", "'run' is missing in inputs[0]"),
        ("[{run: demo-1}]", "'artifact' is missing in inputs[0]"),
        ("[{run: a/b, artifact: model}]", "cannot read run id 'a/b'"),
        (#"[{run: "${OTHER}", artifact: model}]"#, "'inputs[0].run' names OTHER, which is neither in"),
        (#"[{run: "${HF_TOKEN}", artifact: model}]"#, "'inputs[0].run' names the secret HF_TOKEN"),
        // At deployment there is no machine yet that could report its GPUs.
        (#"[{run: "demo-${GPU_COUNT}", artifact: model}]"#, "'inputs[0].run' names GPU_COUNT"),
        ("[{run: demo-1, artifact: a/b}]", "what 'into' of an artifact of that run says was expected"),
        ("[{run: demo-1, artifact: model, into: ../x}]", "a path below 'data', without '..' was expected"),
        ("[{run: demo-1, artifact: model, into: /x}]", "a path below 'data', without '..' was expected"),
        ("[{run: demo-1, artifact: m}, {run: demo-2, artifact: m}]", "two inputs go into 'm'"),
        ("[{run: demo-1, artefact: m}]", "unknown key 'artefact' in inputs[0]; did you mean 'artifact'?"),
    ])
    func `what is wrong with an input is said when the image is built`(text: String, says: String) {
        let error = #expect(throws: Failure.self) { try inputs(text) }
        #expect(error?.description.contains(says) == true, "\(error.map(String.init(describing:)) ?? "")")
    }
}
