import Containers
package import Definitions
package import Deployment
import HTTP
import ImageStore
package import JSON
import OCI
import POSIX
package import RunContract
import Secrets
package import SystemPackage
import Timestamps

/// This computer as a target: a run's container under runc, without an account, a registry or a sandbox.
///
/// It is for debugging a program. Its containers see no GPU.
package struct LocalTarget: Target {
    package let name = "local"
    package let title = "this computer"
    package let host = "this computer"
    package let address = "local"
    package let traits = TargetTraits(
        billing: .nothing, takesDigests: true, mountsFolders: true, runsStoredImages: true, isLocal: true)

    let folder: SandboxFolder
    private let home: FilePath

    /// The target with its containers in `<home>/local`.
    package init(home: FilePath) {
        self.home = home
        folder = SandboxFolder(path: home.appending("local"))
    }

    /// The resources of other targets say nothing here: the computer is what it is.
    package func check(resources: YAMLValue) throws {}

    package func offers(for resources: YAMLValue) async throws -> [Offer] {
        [Offer(hardware: title, places: [], gpus: 0, hours: nil, priceUSD: 0, hourlyUSD: 0, token: .null)]
    }

    package func request(_ launch: Launch, on offer: Offer, revealing: Bool) -> JSONValue {
        let secrets = launch.secrets.mapValues { JSONValue.string(revealing ? $0.unredacted : $0.description) }
        return [
            "name": .string(launch.name), "image": .string(launch.image),
            "command": .array(launch.command.map(JSONValue.string)), "port": .integer(launch.port),
            "environment": .object(launch.environment.mapValues(JSONValue.string)), "secrets": .object(secrets),
        ]
    }

    package func isFree(name: String) async throws(DeploymentError) -> Bool { !FileSystem.exists(place(name).path) }

    package func machines() async throws(DeploymentError) -> [MachineStatus] {
        let names: [FilePath.Component]
        do throws(POSIXError) { names = try FileSystem.names(in: folder.deployments) } catch {
            if error.errno == .noSuchFileOrDirectory { return [] }
            throw DeploymentError(.local, "list this computer's containers", "\(error)")
        }
        var machines: [MachineStatus] = []
        for name in names { if let status = try await look(at: .string(name.string)) { machines.append(status) } }
        return machines
    }

    package func look(at handle: JSONValue) async throws(DeploymentError) -> MachineStatus? {
        guard let machine = try LocalMachine(reading: place(handle)) else { return nil }
        return await machine.status(in: place(handle))
    }

    package func stop(_ handle: JSONValue) async throws(DeploymentError) {
        let place = place(handle)
        guard var machine = try LocalMachine(reading: place), !machine.isDestroyed else { return }
        do {
            try await runner().stop(machine.name, machine.process, grace: machine.grace)
            machine.isDestroyed = true
            try machine.write(to: place)
            try FileSystem.removeTree(place.bundle)
        } catch { throw DeploymentError(.local, "end \(machine.name)", "\(error)") }
    }

    /// Another computer cannot ask for a machine of this one.
    package func request(of handle: JSONValue, for run: RunID) async throws(DeploymentError) -> AdoptedRequest? { nil }

    package func check(_ machine: MachineRecord, of run: RunID) throws(DeploymentError) {}

    func place(_ handle: JSONValue) -> ContainerFolder { place(handle.string ?? "") }

    /// The folder of a container; a machine has one, of the same name.
    func place(_ name: String) -> ContainerFolder {
        // The ledger's handles are names of files here.
        folder.container(name.contains("/") || name.hasPrefix(".") ? "none" : name, "container")
    }

    func runner() throws -> ContainerRunner {
        try FileSystem.makeFolder(folder.path, mode: 0o700)
        let program = try FileSystem.readLink("/proc/self/exe")
        return ContainerRunner(
            runc: Runc(program: try ProgramSearch(program: program).runc(), root: folder.runc), folder: folder)
    }

    /// The images that were built here, else what the registry has.
    func install(_ request: DeployRequest, into root: FilePath) async throws -> ImageConfig {
        let store = try ImageStore(at: home.appending("store"))
        guard let digest = try Reference(request.image).digest,
            let descriptor = try store.tags().map(\.descriptor).first(where: { $0.digest == digest })
        else { return try await ImageInstaller(folder: folder).install(request, into: root) }
        let image = try store.image(descriptor, platform: .current)
        let unpacker = ImageUnpacker(store: store, keepingOwners: !RuntimeIdentity.current.isRootless)
        try await BlockingThread.run { try unpacker.unpack(image, into: root) }
        return image.config
    }
}

extension TargetKind {
    /// This computer.
    package static let local = TargetKind(
        name: "local", title: "this computer", isConfigured: { _ in false },
        open: { (_) throws(DeploymentError) in
            do { return LocalTarget(home: try HomeFolder.open()) } catch {
                throw DeploymentError(.local, "use this computer", "\(error)")
            }
        })
}
