package import Dockerfile
package import OCI
import POSIX
package import SystemPackage

/// An image that a Dockerfile describes, and what is to be known beside it.
package struct DockerfileRequest: Sendable {
    /// The Dockerfile, read.
    package let file: ParsedDockerfile
    /// Where it is.
    package let path: FilePath
    /// The folder that COPY and ADD start from.
    package let context: FilePath
    /// Values of ARGs.
    package var arguments: [String: String] = [:]
    /// The name or number of the stage whose image is wanted; nil for the last one.
    package var target: String?
    /// What FROM and `--from` mean by these names, whatever else they mean.
    package var contexts: [String: NamedContext] = [:]
    /// The names of stages whose layers are made anew.
    package var uncachedStages: [String] = []
    /// What the image is built for, at least one.
    package var platforms: [Platform] = [Platform.current]
    /// Values of `RUN --mount=type=secret`, by id.
    package var secrets: [String: [UInt8]] = [:]
    /// What commands can reach where RUN does not say.
    package var network = RunCommand.Network.host

    /// The names of its stages, and the numbers of those without, in order.
    package var stageNames: [String] { file.stages.map(\.name) }

    /// Reads a Dockerfile; the context is its own folder unless another one is named.
    package init(reading path: FilePath, context: FilePath? = nil) throws {
        let content = try posix { () throws(POSIXError) in try FileSystem.read(path) }
        guard let text = String(validating: content, as: UTF8.self) else {
            throw DockerfileError("\(path)", "it is not UTF-8")
        }
        try self.init(parsing: text, path: path, context: context)
    }

    /// Parses the text of a Dockerfile that is, or might be, at `path`.
    package init(parsing text: String, path: FilePath, context: FilePath? = nil) throws {
        file = try ParsedDockerfile(parsing: text, file: path.string)
        self.path = path
        let folder = path.removingLastComponent()
        self.context = context ?? (folder.isEmpty ? "." : folder)
        guard try FileStatus(self.context, followingLinks: true).kind == .directory else {
            throw ImageBuildError("use the context \(self.context)", "it is no folder")
        }
    }

    /// What keeps files of the context out: a file of the Dockerfile's own, else the context's.
    ///
    /// Source: <https://docs.docker.com/build/concepts/context/#dockerignore-files>; podman's name comes first, as there.
    func ignoreRules() throws(ImageBuildError) -> IgnoreRules? {
        let own = FilePath("\(path).dockerignore")
        let candidates = [own, context.appending(".containerignore"), context.appending(".dockerignore")]
        guard let file = candidates.first(where: { FileSystem.exists($0) }) else { return nil }
        let rules = try IgnoreRules(reading: file)
        return rules.isEmpty ? nil : rules
    }
}
