import ByteText
import Wording

/// One input of a run with its variables expanded: an artifact of another run and its folder.
package struct RunInput: Sendable, Hashable, CustomStringConvertible {
    /// The other run.
    package let run: RunID
    /// The artifact's name in the other run's complete.json.
    package let artifact: String
    /// Relative to the data folder.
    package let into: String

    /// The input's name in error messages.
    package var description: String { "artifact '\(artifact)' of run \(run)" }
}

extension Program {
    /// Returns the inputs; `value` returns the values of their variables.
    package func inputs(_ value: (String) -> String?) throws -> [RunInput] {
        var named: [RunInput] = []
        for input in inputs {
            let run = try RunID(try Template(input.run).expanded(value))
            let into = try Template(input.into ?? input.artifact).expanded(value)
            let parts = into.split(byte: "/", omittingEmptySubsequences: false)
            guard !parts.contains(where: { ["", ".", ".."].contains($0) }) else {
                throw Failure("take the input '\(input.artifact)'", "'\(into)' is no folder below the data folder")
            }
            named.append(RunInput(run: run, artifact: input.artifact, into: into))
        }
        return named
    }

    /// Returns a variable's value as far as it follows from the image and the variables sent, without the machine.
    package func value(of name: String, sent: [String: String]) -> String? {
        if let value = sent[name] { return value }
        if name == "DATA", data.firstRange(bytes: "${") == nil { return data }
        let below = { (name: String) in sent[name] ?? imageEnvironment[name] }
        guard let template = environment[name] else { return below(name) }
        return try? Template(template).expanded(below)
    }
}

extension CompletionRecord {
    /// Returns the artifact that an input names; throws if the record is another run's or lacks the artifact.
    package func artifact(of input: RunInput) throws -> Artifact {
        let action = "take \(input)"
        guard run == input.run.description else { throw Failure(action, "its complete.json is of run \(run)") }
        guard let artifact = artifacts.first(where: { $0.into == input.artifact }) else {
            let names = artifacts.map(\.into).sorted()
            throw Failure(
                action, names.isEmpty ? "that run has no artifacts" : "that run has \(names.joined(separator: ", "))")
        }
        return artifact
    }
}
