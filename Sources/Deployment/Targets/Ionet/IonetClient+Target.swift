package import Definitions
import HTTP
package import JSON
package import RunContract

/// io.net's Containers as a Service as a target.
extension IonetClient: LogStreaming {
    package var name: String { "ionet" }
    package var title: String { "io.net" }
    package var host: String { base.authority }
    /// The API's URL without a path.
    package var address: String { base.with(target: "/").description }

    /// io.net's documentation shows images by their tags alone, and a machine that cannot pull is paid for in advance.
    ///
    /// The sandbox takes digests.
    package var traits: TargetTraits {
        TargetTraits(
            billing: .upFront, takesDigests: base.isLoopback, mountsFolders: false,
            runsStoredImages: false, isLocal: base.isLoopback)
    }

    package func check(resources: YAMLValue) throws { _ = try IonetResources(resources) }

    package func offers(for resources: YAMLValue) async throws -> [Offer] {
        [try await offer(for: IonetResources(resources))]
    }

    package func request(_ launch: Launch, on offer: Offer, revealing: Bool) -> JSONValue {
        IonetRequest(launch, offer).json(revealing: revealing)
    }

    package func command(sending file: String) -> String? {
        """
        curl -X POST \(base)/deploy -H "x-api-key: $IOCLOUD_API_KEY" \
        -H "Content-Type: application/json" --data @\(file)
        """
    }

    package func start(_ launch: Launch, on offer: Offer) async throws(DeploymentError) -> JSONValue? {
        try await deploy(IonetRequest(launch, offer))
    }

    package func machines() async throws(DeploymentError) -> [MachineStatus] {
        try await deployments().map { MachineStatus($0, []) }
    }

    package func look(at handle: JSONValue) async throws(DeploymentError) -> MachineStatus? {
        guard let deployment = try await deployment(handle) else { return nil }
        return MachineStatus(deployment, try await containers(of: handle))
    }

    package func stop(_ handle: JSONValue) async throws(DeploymentError) { try await destroy(handle) }

    package func request(of handle: JSONValue, for run: RunID) async throws(DeploymentError) -> AdoptedRequest? {
        try await details(of: handle).map { details in
            AdoptedRequest(
                image: details.image, hardware: details.hardware, gpus: details.gpus, hours: details.hours,
                priceUSD: details.paidUSD, port: details.port, kept: details.request(of: run))
        }
    }

    package var logStreams: [String] { LogStream.allCases.map(\.rawValue) }

    package func log(
        of handle: JSONValue, container: JSONValue, stream: String, line: @escaping @Sendable (String) -> Void
    ) async throws(DeploymentError) {
        guard let stream = LogStream(rawValue: stream) else { return }
        // A client of its own, whose thread `line` may block.
        try await log(deployment: handle, container: container, stream: stream, client: HTTPClient(), line: line)
    }
}

extension IonetRequest {
    fileprivate init(_ launch: Launch, _ offer: Offer) {
        self.init(
            name: launch.name, hours: offer.hours ?? 1, gpus: offer.gpus,
            hardwareID: offer.token["hardware_id"] ?? .null,
            locationIDs: offer.token["location_ids"]?.array ?? [], port: launch.port, entrypoint: launch.command,
            environment: launch.environment, secrets: launch.secrets, image: launch.image,
            registryUsername: launch.login?.username, registrySecret: launch.login?.password)
    }
}

extension MachineStatus {
    fileprivate init(_ deployment: IonetDeployment, _ containers: [IonetContainer]) {
        self.init(
            handle: deployment.id, name: deployment.name, phase: deployment.status.phase,
            word: deployment.status.description)
        self.containers = containers.map(ContainerStatus.init)
        created = deployment.created
        hardware = deployment.hardware
        gpus = deployment.gpus
        paidUSD = deployment.paidUSD
        minutesLeft = deployment.minutesRemaining
    }
}

extension ContainerStatus {
    fileprivate init(_ container: IonetContainer) {
        self.init(
            id: container.id, isRunning: container.status.isRunning, word: container.status.description,
            address: container.publicURL, events: container.events.map(\.message))
    }
}

extension IonetStatus {
    fileprivate var phase: MachineStatus.Phase {
        if isCompleted { return .ended }
        if isFailed { return .failed }
        if isGone { return isOver ? .gone : .stopping }
        return isRunning ? .running : .queued
    }
}
