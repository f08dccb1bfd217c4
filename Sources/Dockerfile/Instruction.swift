/// One instruction of a Dockerfile, as it is written: variables are not yet replaced.
///
/// Source: <https://docs.docker.com/reference/dockerfile/>.
public struct Instruction: Sendable, Hashable {
    /// A name and a value, as in ENV, LABEL and ARG.
    public struct Assignment: Sendable, Hashable {
        /// The name.
        public let name: String
        /// Nil where only the name is there, as in `ARG name`.
        public let value: String?
    }

    /// A command as one line for a shell, or as a list of arguments.
    public enum CommandLine: Sendable, Hashable {
        case shell(String)
        case exec([String])
    }

    /// What it does.
    public enum Action: Sendable, Hashable {
        case from(BaseReference)
        case argument([Assignment])
        case environment([Assignment])
        case label([Assignment])
        case copy(FileTransfer)
        case add(FileTransfer)
        case run(RunStep)
        case workdir(String)
        case user(String)
        case expose(String)
        case volume([String])
        case entrypoint(CommandLine)
        case command(CommandLine)
        case shell([String])
        case healthCheck(HealthCheck)
        case stopSignal(String)
        /// The instruction that an image built on this one begins with.
        case onBuild(String)
        case maintainer(String)
    }

    /// Where it begins.
    public let place: SourcePlace
    /// Its name, in capitals.
    public let name: String
    /// Name and arguments on one line, as a history shows them; a heredoc's content is not in it.
    public let text: String
    /// What it does.
    public let action: Action
}

/// What FROM names.
public struct BaseReference: Sendable, Hashable {
    /// An image, a stage, or `scratch`.
    public let image: String
    /// The name that the stage gets.
    public let stage: String?
    /// The platform of the image, nil for that of the build.
    public let platform: String?
}

/// What COPY and ADD do.
public struct FileTransfer: Sendable, Hashable {
    /// Where files come from.
    public enum Source: Sendable, Hashable {
        /// A path, a pattern, or for ADD a URL.
        case path(String)
        /// A file whose content stands in the Dockerfile.
        case heredoc(Heredoc)
    }

    /// In order.
    public let sources: [Source]
    /// Where they go.
    public let destination: String
    /// A stage, its number, or an image; nil for the build's own folder.
    public internal(set) var from: String?
    /// User and group, by name or number.
    public internal(set) var owner: String?
    /// Permission bits, or what chmod would be told.
    public internal(set) var mode: String?
    /// True where the layers below do not matter: no link of theirs is followed.
    public internal(set) var isLinked = false
    /// True where the folders above each source come along.
    public internal(set) var keepsParents = false
    /// Patterns of what stays out.
    public internal(set) var excluded: [String] = []
    /// The digest that a download must have.
    public internal(set) var checksum: String?
    /// True where a repository's `.git` comes along.
    public internal(set) var keepsGitFolder: Bool?
    /// True where archives are unpacked, also downloaded ones; false where none is; nil for ADD's own rule.
    public internal(set) var unpacks: Bool?
}

/// What RUN does.
public struct RunStep: Sendable, Hashable {
    /// Which network the command sees.
    public enum Network: String, Sendable, Hashable, CaseIterable {
        case `default`, none, host
    }

    /// The command.
    public let command: Instruction.CommandLine
    /// Files whose content stands in the Dockerfile.
    public let heredocs: [Heredoc]
    /// What is there only while the command runs.
    public let mounts: [MountFlag]
    /// Nil where the build decides.
    public let network: Network?
}

/// How a runtime finds out whether a container works.
public struct HealthCheck: Sendable, Hashable {
    /// Nil where a base's check is switched off.
    public let command: Instruction.CommandLine?
    /// Nanoseconds, 0 where nothing is said.
    public internal(set) var interval = 0
    /// Nanoseconds, 0 where nothing is said.
    public internal(set) var timeout = 0
    /// Nanoseconds, 0 where nothing is said.
    public internal(set) var startPeriod = 0
    /// Nanoseconds, 0 where nothing is said.
    public internal(set) var startInterval = 0
    /// 0 where nothing is said.
    public internal(set) var retries = 0
}
