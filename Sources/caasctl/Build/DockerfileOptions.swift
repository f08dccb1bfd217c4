import ArgumentParser
import ByteText
import Definitions
import DockerfileBuild
import OCI
import POSIX
import StepExecution
import SystemPackage

/// The options that only a build of a Dockerfile takes.
struct DockerfileOptions: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Build this Dockerfile; the build context is the folder argument, else the Dockerfile's folder.",
            valueName: "dockerfile"))
    var file: String?

    @Option(help: ArgumentHelp("Build the image of this stage of the Dockerfile.", valueName: "stage"))
    var target: String?

    @Option(
        help: ArgumentHelp(
            "A secret for RUN --mount=type=secret, not stored in any layer or cache; repeatable.",
            valueName: "id=name,src=file|env=variable"))
    var secret: [String] = []

    @Option(
        help: ArgumentHelp(
            "The network of RUN: host (this machine's, the default), private (all but this machine) or none.",
            valueName: "host|private|none"))
    var network: NetworkArgument?

    @Option(
        help: ArgumentHelp(
            "Define a name for FROM and --from as a folder, docker-image://REFERENCE or oci-layout://DIR[:TAG]; "
                + "repeatable.", valueName: "name=context"))
    var buildContext: [String] = []

    @Option(
        help: ArgumentHelp("Build these stages without the cache; repeatable.", valueName: "stage[,stage]"))
    var noCacheFilter: [String] = []

    enum NetworkArgument: String, ExpressibleByArgument { case host, `private`, none }

    func validate() throws {
        guard file == nil else { return }
        if target != nil { throw ValidationError("--target needs --file, whose stage it names") }
        if !secret.isEmpty { throw ValidationError("--secret needs --file, whose RUN asks for it") }
        if !buildContext.isEmpty { throw ValidationError("--build-context needs --file, whose FROM names it") }
        if !noCacheFilter.isEmpty { throw ValidationError("--no-cache-filter needs --file, whose stages it names") }
        if network != nil { throw ValidationError("--network needs --file, whose RUN it is for") }
    }

    /// Returns the build request with these options, nil where `--file` is not given.
    func request(
        context: String?, arguments: [String: String], platforms: [Platform]
    ) throws -> DockerfileRequest? {
        guard let file else { return nil }
        var request = try DockerfileRequest(reading: FilePath(file), context: context.map { FilePath($0) })
        request.arguments = arguments
        request.target = target
        if !platforms.isEmpty { request.platforms = platforms }
        for secret in secret {
            let (id, value) = try Self.read(secret)
            request.secrets[id] = value
        }
        for context in buildContext {
            let parts = context.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else {
                throw ValidationError("--build-context takes NAME=FOLDER or NAME=docker-image://…, not '\(context)'")
            }
            request.contexts[parts[0]] = try NamedContext(parts[1])
        }
        request.uncachedStages = noCacheFilter.flatMap { $0.split(separator: ",").map(String.init) }
        let stages = request.stageNames
        for stage in request.uncachedStages where !stages.contains(stage.lowercased()) {
            throw ValidationError(
                "--no-cache-filter: there is no stage '\(stage)'; there are \(stages.joined(separator: ", "))")
        }
        request.network =
            switch network {
            case nil, .host: .host
            case .private: .private
            case .some(.none): .none
            }
        return request
    }

    /// Parses `id=name,src=file` or `id=name,env=variable`; as in docker, an id alone is also the variable's name.
    private static func read(_ text: String) throws -> (id: String, value: [UInt8]) {
        var fields: [String: String] = [:]
        for field in text.split(byte: ",") {
            let parts = field.split(byte: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, ["id", "src", "source", "env", "type"].contains(parts[0]) else {
                throw ValidationError("--secret takes id=NAME,src=FILE or id=NAME,env=VARIABLE, not '\(text)'")
            }
            fields[parts[0]] = parts[1]
        }
        guard let id = fields["id"], !id.isEmpty else { throw ValidationError("--secret '\(text)' has no id") }
        if let file = fields["src"] ?? fields["source"], fields["type"] != "env" {
            return (id, try FileSystem.read(FilePath(file), limit: 1 << 20))
        }
        let name = fields["env"] ?? fields["src"] ?? id
        guard let value = ProcessEnvironment.value(name) else {
            throw ValidationError("--secret \(id): the environment has no \(name)")
        }
        return (id, Array(value.utf8))
    }
}

extension DockerfileRequest {
    /// The image's name where `--tag` is not given, derived from the context folder's name.
    var name: String {
        let folder = (try? FileSystem.realPath(context))?.lastComponent?.string.lowercased() ?? ""
        let name = folder.map { "abcdefghijklmnopqrstuvwxyz0123456789_-".contains($0) ? $0 : "-" }
        return name.first?.isLetter == true ? String(name.prefix(63)) : "image"
    }
}
