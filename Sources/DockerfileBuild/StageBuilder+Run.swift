import Dockerfile
import Hashing
import ImageBuild
import ImageLayers
import JSON
import OCI
import POSIX
import StepExecution
import SystemPackage

/// Execution of RUN.
extension StageBuilder {
    /// The folder in the container for the script of a heredoc with an interpreter, as in docker.
    private static let scripts = "/dev/pipes"

    mutating func run(_ step: RunStep, _ instruction: Instruction) async throws {
        try await build.fetch(image)
        let stage = self
        let layer: BuiltLayer?
        if let script = step.script {
            layer = try await build.builder.layerBuilder.withTemporaryFolder { (folder) in
                try FileSystem.write(
                    Array(script.content.utf8), to: folder.appending(script.name), mode: 0o755, exactly: true)
                // With the digest, a changed script is a different command in the cache.
                let digest = SHA256.hash(script.content.utf8).hexadecimal
                let mount = BindMount(
                    source: .folder(folder, digest: digest), path: "/\(script.name)",
                    target: "\(Self.scripts)/\(script.name)")
                var command = try await stage.command(step, ["\(Self.scripts)/\(script.name)"], instruction)
                command.mounts.append(.bind(mount))
                return try await stage.layer(of: command, instruction)
            }
        } else {
            let command = try await command(step, words(of: step.line), instruction)
            layer = try await self.layer(of: command, instruction)
        }
        if let layer { image.append(layer, instruction.text) } else { image.note(instruction.text) }
    }

    private func layer(of command: StepCommand, _ instruction: Instruction) async throws -> BuiltLayer? {
        let builder = build.builder
        return try await builder.layerBuilder.run(
            command, on: image.layers, createdBy: instruction.text, epoch: modified)
    }

    private func command(
        _ step: RunStep, _ arguments: [String], _ instruction: Instruction
    ) async throws -> StepCommand {
        let expansion = expansion()
        var mounts: [StepMount] = []
        for flag in step.mounts {
            if let mount = try await mount(flag, expansion, at: instruction.place) { mounts.append(mount) }
        }
        var command = StepCommand(
            arguments, environment: environment(), workdir: workdir, user: image.config["User"]?.string ?? "",
            network: try build.network(of: step, at: instruction, in: stage), mounts: mounts,
            name: title(of: instruction), place: instruction.place.description)
        command.hidden = build.request.hidden
        return command
    }

    /// Returns the command's variables: the user's proxies, and the latest value of each ENV or ARG.
    private func environment() -> [(name: String, value: String)] {
        var rest = build.arguments.givenProxies.merging(variables) { $1 }
        var environment: [(name: String, value: String)] = []
        for (name, value) in image.config.environment {
            environment.append((name, rest.removeValue(forKey: name) ?? value))
        }
        return environment + rest.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}

extension RunStep {
    /// The heredoc that is the whole command, if it is a script with a `#!` line.
    fileprivate var script: Heredoc? {
        guard case .shell(let line) = command, Heredoc(word: line) != nil, heredocs.count == 1,
            heredocs[0].content.hasPrefix("#!")
        else { return nil }
        return heredocs[0]
    }

    /// The command with its heredocs.
    ///
    /// If the command is just one heredoc, its content is the line for the shell. Otherwise the shell reads the
    /// heredocs.
    ///
    /// Source: <https://docs.docker.com/reference/dockerfile/#here-documents>.
    fileprivate var line: Instruction.CommandLine {
        guard case .shell(let line) = command, !heredocs.isEmpty else { return command }
        if Heredoc(word: line) != nil { return .shell(heredocs[0].content) }
        return .shell(heredocs.reduce(line) { "\($0)\n\($1.raw)\($1.name)" })
    }
}
