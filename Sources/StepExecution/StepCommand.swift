/// A RUN of a Dockerfile, with everything that its result depends on except the layers below.
package struct StepCommand: Sendable {
    /// The network that a command can reach.
    package enum Network: String, Sendable, Hashable {
        /// Everything that this machine can reach.
        case host
        /// Everything outside this machine, through a network of its own, but not this machine's loopback interface.
        case `private`
        /// Nothing, except a loopback interface of its own.
        case none
    }

    /// The program and its arguments.
    package var arguments: [String]
    /// The environment variables; the last one of a name wins.
    package var environment: [(name: String, value: String)]
    /// The working folder, which is created if it is missing.
    package var workdir: String
    /// `user`, `uid` or `user:group`, resolved with the image's own files; empty for root.
    package var user: String
    /// The network of the command.
    package var network: Network
    /// The mounts, which are not part of the command's layer.
    package var mounts: [StepMount]
    /// The standard input.
    package var input: [UInt8]
    /// The name in messages, as in `RUN apt-get update`.
    package var name: String
    /// The place in the Dockerfile, as in `Dockerfile:7`.
    package var place: String?
    /// Values to remove from the output, in addition to the values of secret mounts.
    package var hidden: [[UInt8]] = []

    /// Creates a command; by default it runs as root, with the machine's network and without mounts.
    package init(
        _ arguments: [String], environment: [(name: String, value: String)] = [], workdir: String = "/",
        user: String = "", network: Network = .host, mounts: [StepMount] = [], input: [UInt8] = [],
        name: String? = nil, place: String? = nil
    ) {
        self.arguments = arguments
        self.environment = environment
        self.workdir = workdir
        self.user = user
        self.network = network
        self.mounts = mounts
        self.input = input
        self.name = name ?? arguments.joined(separator: " ")
        self.place = place
    }
}
