import Containers
import Definitions
package import Deployment
package import JSON
import POSIX
import RunContract
import SystemPackage
import Timestamps

/// Starting a container, and its log.
extension LocalTarget: LogStreaming {
    package func start(_ launch: Launch, on offer: Offer) async throws(DeploymentError) -> JSONValue? {
        let place = place(launch.name)
        do {
            try await run(launch, in: place)
            return .string(launch.name)
        } catch {
            try? FileSystem.removeTree(place.path.removingLastComponent())
            throw DeploymentError(.refused, "start \(launch.name)", "\(error)")
        }
    }

    private func run(_ launch: Launch, in place: ContainerFolder) async throws {
        let runner = try runner()
        try FileSystem.makeFolder(place.bundle, mode: 0o700)
        try FileSystem.makeFolder(place.rootFileSystem)
        let request = DeployRequest(launch)
        let config = try await install(request, into: place.rootFileSystem)
        let port = try await PortChooser().choose()
        var spec = try RuntimeSpec(
            config: config, request: request, port: port, hostname: "caas-local", bundle: place.bundle,
            identity: .current, limits: .ofThisMachine)
        spec.folders = try sharedFolders(launch)
        try spec.writeFiles()
        try FileSystem.write(spec.json.encoded(), to: place.bundle.appending("config.json"), mode: 0o600)
        let process = try runner.start(launch.name, in: place)
        let machine = LocalMachine(
            name: launch.name, created: .now(), port: port, process: process,
            grace: launch.environment["GRACE_SECONDS"].flatMap { Int($0) } ?? 30)
        try machine.write(to: place)
    }

    /// The folder that the run's results go to, where the bucket is one.
    private func sharedFolders(_ launch: Launch) throws -> [FilePath] {
        guard let endpoint = launch.environment[EnvironmentName.endpoint], endpoint.hasPrefix("file:///") else {
            return []
        }
        let folder = FilePath(String(endpoint.dropFirst("file://".count)))
        try FileSystem.makeFolder(folder, mode: 0o700)
        return [folder]
    }

    package var logStreams: [String] { ["stdout", "stderr"] }

    package func log(
        of handle: JSONValue, container: JSONValue, stream: String, line: @escaping @Sendable (String) -> Void
    ) async throws(DeploymentError) {
        let place = place(handle)
        let machine = try LocalMachine(reading: place)
        let lines = LineSink(line)
        let follower = ContainerLogFollower(path: place.log(stream)) { !(machine?.process.isAlive ?? false) }
        do { try await follower.follow(to: lines) } catch {
            throw DeploymentError(.local, "read the log of \(handle.string ?? "")", "\(error)")
        }
    }
}

/// Turns the events of a log into its lines.
private struct LineSink: EventSink {
    private let line: @Sendable (String) -> Void

    init(_ line: @escaping @Sendable (String) -> Void) { self.line = line }

    func send(_ bytes: [UInt8]) async throws {
        for event in String(decoding: bytes, as: UTF8.self).split(separator: "\n") where event.hasPrefix("data: ") {
            line(String(event.dropFirst("data: ".count)))
        }
    }
}

extension DeployRequest {
    fileprivate init(_ launch: Launch) {
        self.init(
            name: launch.name, durationHours: 0, gpusPerContainer: 0, hardware: HardwareCatalogue.sandbox.hardware[0],
            locations: [], replicas: 1, trafficPort: launch.port, entrypoint: launch.command,
            environment: launch.environment, secrets: launch.secrets, image: launch.image,
            registryUsername: launch.login?.username, registrySecret: launch.login?.password)
    }
}
