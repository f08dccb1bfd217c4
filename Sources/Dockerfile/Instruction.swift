/// One instruction of a Dockerfile, as it is written: variables are not yet replaced.
///
/// Source: <https://docs.docker.com/reference/dockerfile/>.
package struct Instruction: Sendable, Hashable {
    /// A name and a value, as in ENV, LABEL and ARG.
    package struct Assignment: Sendable, Hashable {
        /// The name.
        package let name: String
        /// Nil where only the name is there, as in `ARG name`.
        package let value: String?
    }

    /// A command as one line for a shell, or as a list of arguments.
    package enum CommandLine: Sendable, Hashable {
        case shell(String)
        case exec([String])
    }

    /// What it does.
    package enum Action: Sendable, Hashable {
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
    package let place: SourcePlace
    /// Its name, in capitals.
    package let name: String
    /// Name and arguments on one line, as a history shows them; a heredoc's content is not in it.
    package let text: String
    /// What it does.
    package let action: Action
}

/// What FROM names.
package struct BaseReference: Sendable, Hashable {
    /// An image, a stage, or `scratch`.
    package let image: String
    /// The name that the stage gets.
    package let stage: String?
    /// The platform of the image, nil for that of the build.
    package let platform: String?
}

/// What COPY and ADD do.
package struct FileTransfer: Sendable, Hashable {
    /// Where files come from.
    package enum Source: Sendable, Hashable {
        /// A path, a pattern, or for ADD a URL.
        case path(String)
        /// A file whose content stands in the Dockerfile.
        case heredoc(Heredoc)
    }

    /// In order.
    package let sources: [Source]
    /// Where they go.
    package let destination: String
    /// A stage, its number, or an image; nil for the build's own folder.
    package internal(set) var from: String?
    /// User and group, by name or number.
    package internal(set) var owner: String?
    /// Permission bits, or what chmod would be told.
    package internal(set) var mode: String?
    /// True where the layers below do not matter: no link of theirs is followed.
    package internal(set) var isLinked = false
    /// True where the folders above each source come along.
    package internal(set) var keepsParents = false
    /// Patterns of what stays out.
    package internal(set) var excluded: [String] = []
    /// The digest that a download must have.
    package internal(set) var checksum: String?
    /// True where a repository's `.git` comes along.
    package internal(set) var keepsGitFolder: Bool?
    /// True where archives are unpacked, also downloaded ones; false where none is; nil for ADD's own rule.
    package internal(set) var unpacks: Bool?
}

/// What RUN does.
package struct RunStep: Sendable, Hashable {
    /// Which network the command sees.
    package enum Network: String, Sendable, Hashable, CaseIterable {
        case `default`, none, host
    }

    /// The command.
    package let command: Instruction.CommandLine
    /// Files whose content stands in the Dockerfile.
    package let heredocs: [Heredoc]
    /// What is there only while the command runs.
    package let mounts: [MountFlag]
    /// Nil where the build decides.
    package let network: Network?
}

/// How a runtime finds out whether a container works.
package struct HealthCheck: Sendable, Hashable {
    /// Nil where a base's check is switched off.
    package let command: Instruction.CommandLine?
    /// Nanoseconds, 0 where nothing is said.
    package internal(set) var interval = 0
    /// Nanoseconds, 0 where nothing is said.
    package internal(set) var timeout = 0
    /// Nanoseconds, 0 where nothing is said.
    package internal(set) var startPeriod = 0
    /// Nanoseconds, 0 where nothing is said.
    package internal(set) var startInterval = 0
    /// 0 where nothing is said.
    package internal(set) var retries = 0
}
