import Containers
import POSIX
package import SystemPackage
import Wording

/// The process that serves the sandbox's API.
package struct APIService: Sendable {
    private let folder: SandboxFolder

    package init(folder: FilePath) { self.folder = SandboxFolder(path: folder) }

    /// Serves until the process is ended; passes its address to `announce` once it listens.
    package func run(port: Int, announce: @Sendable (String) -> Void) async throws {
        ProcessSignals.ignoreBrokenPipes()
        guard let state = try SandboxState(file: folder.state) else {
            throw Failure("serve the sandbox's API", "\(folder.path) holds no sandbox; run 'caasctl sandbox up'")
        }
        let runc = Runc(
            program: try ProgramSearch(program: try? FileSystem.readLink("/proc/self/exe")).runc(), root: folder.runc)
        let supervisor = ContainerSupervisor(
            folder: folder, installer: try ImageInstaller(folder: folder),
            runner: ContainerRunner(runc: runc, folder: folder), health: state.health, limits: state.limits,
            ports: PortChooser())
        // Bind the port first: a second process that cannot bind it must not touch the containers of the running API.
        let gate = StartGate()
        let server = try await APIServer(port: port) { request in await gate.api().answer(request) }
        let table = try await DeploymentTable(folder: folder, supervisor: supervisor)
        await gate.open(IonetAPI(apiKey: state.apiKey, deployments: table))
        announce(ServerProcess.apiAnnouncement + server.address)
        try await server.run()
    }
}

/// Holds requests back until the deployments are loaded.
private actor StartGate {
    private var opened: IonetAPI?
    private var waiting: [CheckedContinuation<IonetAPI, Never>] = []

    func api() async -> IonetAPI {
        if let opened { return opened }
        return await withCheckedContinuation { waiting.append($0) }
    }

    func open(_ api: IonetAPI) {
        opened = api
        for continuation in waiting { continuation.resume(returning: api) }
        waiting = []
    }
}
