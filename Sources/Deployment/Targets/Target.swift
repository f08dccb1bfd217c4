package import Definitions
package import JSON
package import RunContract

/// A place that rents out or lends machines for runs: a cloud, a cluster, or this computer.
///
/// `Deployer`, `RunReport`, `LogFollower` and the verbs know only this protocol. What a target can do besides is a protocol
/// of its own, such as ``LogStreaming``.
package protocol Target: Sendable {
    /// The target's word in a manifest and in the ledger, such as `ionet`.
    var name: String { get }
    /// The target's name in messages, such as `io.net`.
    var title: String { get }
    /// The host that requests go to; it is shown before anything is paid.
    var host: String { get }
    /// The address that the ledger keeps for each machine.
    var address: String { get }
    /// What the target is like.
    var traits: TargetTraits { get }

    /// Throws where the manifest's `resources` have a key or a value that this target does not know.
    func check(resources: YAMLValue) throws

    /// Returns machines that fit the manifest's `resources`, with their prices, the one to take first; throws where there
    /// is none.
    func offers(for resources: YAMLValue) async throws -> [Offer]

    /// Returns the request that ``start(_:on:)`` sends; with `revealing` false every secret in it is `<redacted>`.
    func request(_ launch: Launch, on offer: Offer, revealing: Bool) -> JSONValue

    /// Returns the command that sends a request which was saved to a file, nil where no command can.
    func command(sending file: String) -> String?

    /// Returns false where another machine has the name.
    func isFree(name: String) async throws(DeploymentError) -> Bool

    /// Requests a machine, exactly once; returns its handle, nil where the answer does not tell it.
    ///
    /// The error's code is `lostAnswer` where the machine may exist all the same: look for its name in ``machines()``.
    func start(_ launch: Launch, on offer: Offer) async throws(DeploymentError) -> JSONValue?

    /// Returns every machine of the user, also those that serve no run.
    func machines() async throws(DeploymentError) -> [MachineStatus]

    /// Returns a machine with its containers, nil where the target does not know the handle.
    func look(at handle: JSONValue) async throws(DeploymentError) -> MachineStatus?

    /// Asks for the end of a machine. That it was asked for does not mean that it is done; a machine that is not there is
    /// no error.
    func stop(_ handle: JSONValue) async throws(DeploymentError)

    /// Throws where a machine of the ledger was rented elsewhere than through this target as the settings name it.
    func check(_ machine: MachineRecord, of run: RunID) throws(DeploymentError)

    /// Returns what a machine was asked for, nil where the target does not tell it.
    ///
    /// It serves runs that another computer started.
    func request(of handle: JSONValue, for run: RunID) async throws(DeploymentError) -> AdoptedRequest?
}

extension Target {
    package func command(sending file: String) -> String? { nil }

    /// Returns the offer to take; throws where no machine fits.
    package func offer(for resources: YAMLValue) async throws -> Offer {
        guard let first = try await offers(for: resources).first else {
            throw DeploymentError(.unsuitable, "rent a machine", "\(title) has none that fits 'resources' now")
        }
        return first
    }

    /// Throws where the machines that a run has at this target were rented elsewhere.
    package func check(_ record: RunRecord) throws(DeploymentError) {
        let newest = [record.newest].compactMap(\.self).filter { $0.target == name }
        let machines = record.billing.isEmpty ? newest : record.billing(at: name)
        for machine in machines { try check(machine, of: record.run) }
    }

    /// True where the target is on this computer, so that nothing it does costs anything.
    package var isLocal: Bool { traits.isLocal }
}

/// A target that sends a container's log while the container runs.
package protocol LogStreaming: Target {
    /// The streams, each of which is read through a connection of its own.
    var logStreams: [String] { get }

    /// Passes the lines of a container's log to `line` until the target ends the stream.
    func log(
        of handle: JSONValue, container: JSONValue, stream: String, line: @escaping @Sendable (String) -> Void
    ) async throws(DeploymentError)
}

/// The properties of a target that decide how a run is requested and followed.
package struct TargetTraits: Sendable, Hashable {
    /// How a machine is paid for.
    package enum Billing: Sendable, Hashable {
        /// All hours before the start; nothing is refunded.
        case upFront
        /// By the second, until the machine is destroyed.
        case bySecond
        case nothing
    }

    package var billing: Billing
    /// True where an image may be named by its digest.
    package var takesDigests: Bool
    /// True where a machine sees folders of this computer or of a shared file system.
    package var mountsFolders: Bool
    /// True where the target runs an image of this computer's store, which no registry has to hold.
    package var runsStoredImages: Bool
    package var isLocal: Bool

    package init(billing: Billing, takesDigests: Bool, mountsFolders: Bool, runsStoredImages: Bool, isLocal: Bool) {
        self.billing = billing
        self.takesDigests = takesDigests
        self.mountsFolders = mountsFolders
        self.runsStoredImages = runsStoredImages
        self.isLocal = isLocal
    }
}

/// The request of a machine as its target still tells it.
package struct AdoptedRequest: Sendable {
    package let image: String
    /// The hardware's display name, nil where the target does not tell it.
    package let hardware: String?
    package let gpus: Int
    package let hours: Int?
    package let priceUSD: Double?
    package let port: Int
    let kept: KeptRequest
}
