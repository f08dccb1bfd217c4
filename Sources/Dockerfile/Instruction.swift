/// One instruction of a Dockerfile, with its variables not yet expanded.
///
/// Source: <https://docs.docker.com/reference/dockerfile/>.
package struct Instruction: Sendable, Hashable {
    /// A name and a value, as in ENV, LABEL and ARG.
    package struct Assignment: Sendable, Hashable {
        package let name: String
        /// The value; nil for a bare name, as in `ARG name`.
        package let value: String?
    }

    /// A command, either as one line for a shell (shell form) or as a list of arguments (exec form).
    package enum CommandLine: Sendable, Hashable {
        case shell(String)
        case exec([String])
    }

    /// The kind of instruction, with its arguments.
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
        /// The text of an instruction that runs when another image is built on this one.
        case onBuild(String)
        case maintainer(String)
    }

    /// The line where the instruction begins.
    package let place: SourcePlace
    /// The name of the instruction in upper case.
    package let name: String
    /// The name and arguments on one line, for the image's history; without the content of heredocs.
    package let text: String
    package let action: Action
}

/// The arguments of FROM.
package struct BaseReference: Sendable, Hashable {
    /// An image, the name of a stage, or `scratch`.
    package let image: String
    /// The name that `AS` gives to the stage.
    package let stage: String?
    /// The platform of the image; nil for the platform of the build.
    package let platform: String?
}

/// The arguments of COPY or ADD.
package struct FileTransfer: Sendable, Hashable {
    /// One source of files.
    package enum Source: Sendable, Hashable {
        /// A path, a pattern, or (only for ADD) a URL.
        case path(String)
        /// A file whose content is in the Dockerfile.
        case heredoc(Heredoc)
    }

    package let sources: [Source]
    package let destination: String
    /// The value of `--from`: a stage's name or number, or an image; nil for the build context.
    package internal(set) var from: String?
    /// The value of `--chown`: user and group, by name or number.
    package internal(set) var owner: String?
    /// The value of `--chmod`: octal mode bits, or a symbolic mode such as `u+x`.
    package internal(set) var mode: String?
    /// Whether `--link` is set: the copy is independent of the layers below and follows none of their symbolic links.
    package internal(set) var isLinked = false
    /// Whether `--parents` is set: the parent folders of each source are copied too.
    package internal(set) var keepsParents = false
    /// The patterns of `--exclude`.
    package internal(set) var excluded: [String] = []
    /// The value of `--checksum`: the digest that a download must have.
    package internal(set) var checksum: String?
    /// The value of `--keep-git-dir`: whether the copy of a Git repository includes `.git`.
    package internal(set) var keepsGitFolder: Bool?
    /// The value of `--unpack`: true unpacks every archive, also a downloaded one; false none; nil is ADD's default.
    package internal(set) var unpacks: Bool?
}

/// The arguments of RUN.
package struct RunStep: Sendable, Hashable {
    /// The network that the command can use.
    package enum Network: String, Sendable, Hashable, CaseIterable {
        case `default`, none, host
    }

    package let command: Instruction.CommandLine
    /// The heredocs that the command announces, in order.
    package let heredocs: [Heredoc]
    /// The values of `--mount`: mounts that exist only while the command runs.
    package let mounts: [MountFlag]
    /// The value of `--network`; nil lets the build decide.
    package let network: Network?
}

/// The arguments of HEALTHCHECK: how a runtime tests whether a container works.
package struct HealthCheck: Sendable, Hashable {
    /// The command; nil for `HEALTHCHECK NONE`, which disables the base image's check.
    package let command: Instruction.CommandLine?
    /// In nanoseconds; 0 if not given.
    package internal(set) var interval = 0
    /// In nanoseconds; 0 if not given.
    package internal(set) var timeout = 0
    /// In nanoseconds; 0 if not given.
    package internal(set) var startPeriod = 0
    /// In nanoseconds; 0 if not given.
    package internal(set) var startInterval = 0
    /// The number of failures in a row that make a container unhealthy; 0 if not given.
    package internal(set) var retries = 0
}
