import JSON
import POSIX
import SystemPackage
import Timestamps

/// What runs the containers of deployments.
protocol ContainerSupervising: Sendable {
    /// Runs a container until it exits or its user destroys it, and keeps its record in the table.
    func run(
        _ request: DeployRequest, _ record: DeploymentRecord, _ container: ContainerRecord, in table: DeploymentTable
    ) async
    /// Goes on with a container of an earlier API process.
    func resume(_ record: DeploymentRecord, _ container: ContainerRecord, in table: DeploymentTable) async
}

/// Manages a container from the pull of its image to its end.
struct ContainerSupervisor: ContainerSupervising {
    let folder: SandboxFolder
    let installer: ImageInstaller
    let runner: ContainerRunner
    let health: HealthPolicy
    let limits: ContainerLimits
    let ports: PortChooser

    /// Pulls, unpacks and runs the image until the container exits or its user destroys it.
    func run(
        _ request: DeployRequest, _ record: DeploymentRecord, _ container: ContainerRecord, in table: DeploymentTable
    ) async {
        let life = ContainerLife(supervisor: self, table: table, deployment: record.id, container: container.id)
        do {
            let port = try await ports.choose()
            let config = try await life.install(request)
            guard await !table.isTerminating(record.id) else { return await life.end(as: "destroyed", nil) }
            try life.configure(request, record, config, port: port)
            let process = try runner.start(container.id, in: life.place)
            let isRemembered = try await life.note { container in
                container.runner = process
                container.port = port
                container.status = "running"
                container.add(event: "started")
            }
            guard isRemembered else { return }
            await life.watch(process, port: port, since: .now())
        } catch {
            let isOver = await table.isTerminating(record.id)
            await life.end(as: isOver ? "destroyed" : "failed", String(describing: error))
        }
    }

    /// Resumes watching a container of an earlier API process, or records that it never started.
    func resume(_ record: DeploymentRecord, _ container: ContainerRecord, in table: DeploymentTable) async {
        let life = ContainerLife(supervisor: self, table: table, deployment: record.id, container: container.id)
        // The API may have ended while it removed the files of a container in a final state.
        guard !container.isFinal else { return await life.removeFiles() }
        guard let process = container.runner, let port = container.port else {
            let isOver = await table.isTerminating(record.id)
            return await life.end(
                as: isOver ? "destroyed" : "failed", "the sandbox's API was restarted before the container had started")
        }
        ports.reserve(port)
        await life.watch(process, port: port, since: record.started ?? record.created)
    }
}
