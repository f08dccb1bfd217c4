package import Dockerfile
import ImageLayers
package import OCI
import POSIX
package import StepExecution
package import SystemPackage
import Wording

/// A Dockerfile to build, with the options of the build.
package struct DockerfileRequest: Sendable {
    package let file: ParsedDockerfile
    package let path: FilePath
    /// The build context, from which COPY and ADD take files.
    package let context: FilePath
    /// The values of `--build-arg`, by name.
    package var arguments: [String: String] = [:]
    /// The name or number of the stage to build; nil for the last one.
    package var target: String?
    /// Named build contexts, which override stages and images with the same names.
    package var contexts: [String: NamedContext] = [:]
    /// The names of stages that are built without the cache.
    package var uncachedStages: [String] = []
    /// The platforms to build for; at least one.
    package var platforms: [Platform] = [Platform.current]
    /// The values for `RUN --mount=type=secret`, by ID.
    package var secrets: [String: [UInt8]] = [:]
    /// The network of commands whose RUN has no `--network`.
    package var network = StepCommand.Network.host

    /// The names of the stages, or the numbers of unnamed ones, in order.
    package var stageNames: [String] { file.stages.map(\.name) }

    /// Reads a Dockerfile; the context is the folder of the Dockerfile unless another one is given.
    package init(reading path: FilePath, context: FilePath? = nil) throws {
        let content = try FileSystem.read(path)
        guard let text = String(validating: content, as: UTF8.self) else {
            throw Failure("read \(path)", "it is not UTF-8")
        }
        try self.init(parsing: text, path: path, context: context)
    }

    /// Parses the text of a Dockerfile that is, or could be, at `path`.
    package init(parsing text: String, path: FilePath, context: FilePath? = nil) throws {
        file = try ParsedDockerfile(parsing: text, file: path.string)
        self.path = path
        let folder = path.removingLastComponent()
        self.context = context ?? (folder.isEmpty ? "." : folder)
        guard try FileStatus(self.context, followingLinks: true).kind == .directory else {
            throw Failure("use the context \(self.context)", "it is no folder")
        }
    }

    /// Returns the rules that exclude files of the context, or nil if there are none.
    ///
    /// The first of these files is used: `<Dockerfile>.dockerignore`, then podman's `.containerignore`, then
    /// `.dockerignore` of the context.
    ///
    /// Source: <https://docs.docker.com/build/concepts/context/#dockerignore-files>.
    func ignoreRules() throws -> IgnoreRules? {
        let own = FilePath("\(path).dockerignore")
        let candidates = [own, context.appending(".containerignore"), context.appending(".dockerignore")]
        guard let file = candidates.first(where: { FileSystem.exists($0) }) else { return nil }
        let rules = try IgnoreRules(reading: file)
        return rules.isEmpty ? nil : rules
    }
}
