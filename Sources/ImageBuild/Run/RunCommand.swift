/// One `RUN` of a Dockerfile, with everything that it depends on besides the layers below it.
package struct RunCommand: Sendable {
    /// Where a command can reach to.
    package enum Network: String, Sendable, Hashable {
        /// Wherever this machine can.
        case host
        /// Out of this machine by a network of its own, and not to what listens on this machine's loopback.
        case `private`
        /// Nowhere: it has a loopback interface of its own and no other.
        case none
    }

    /// The program and what it is told.
    package var arguments: [String]
    /// Its variables; of two with one name the last counts.
    package var environment: [(name: String, value: String)]
    /// The folder in which it runs, made where it is missing.
    package var workdir: String
    /// `user`, `uid` or `user:group`, as the image's own files explain them; empty for root.
    package var user: String
    /// What it can reach.
    package var network: Network
    /// What it sees besides the layers below, and leaves no trace in its own.
    package var mounts: [RunMount]
    /// What it reads; nothing where there is none.
    package var input: [UInt8]
    /// What it is called in messages, as in `RUN apt-get update`.
    package var name: String
    /// Where it stands, as in `Dockerfile:7`.
    package var place: String?
    /// Values that nobody may see in what it prints, besides those of its secret mounts.
    package var hidden: [[UInt8]] = []

    /// A command as root, with the network and without mounts, unless said.
    package init(
        _ arguments: [String], environment: [(name: String, value: String)] = [], workdir: String = "/",
        user: String = "", network: Network = .host, mounts: [RunMount] = [], input: [UInt8] = [],
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
