import JSON
import POSIX
import SystemPackage
import TestSupport
import Testing

@testable import Sandbox

struct ContainerLifeTests {
    private let folder: TemporaryFolder
    private let place: SandboxFolder
    private let supervisor: ContainerSupervisor

    init() throws {
        folder = try TemporaryFolder()
        place = SandboxFolder(path: folder.path)
        supervisor = ContainerSupervisor(
            folder: place, installer: try ImageInstaller(folder: place),
            runner: ContainerRunner(runc: Runc(program: "/nonexistent", root: place.runc), folder: place),
            health: HealthPolicy(), limits: .ofThisMachine, ports: PortChooser())
    }

    private func request() throws -> DeployRequest {
        let body: JSONValue = [
            "resource_private_name": "test", "duration_hours": 1, "gpus_per_container": 1, "hardware_id": 2,
            "location_ids": [1], "container_config": ["replica_count": 1, "traffic_port": 8000],
            "registry_config": ["image_url": "127.0.0.1:1/none:1"],
        ]
        return try DeployRequest(body: body.encoded())
    }

    private func keep(_ record: DeploymentRecord) throws -> ContainerFolder {
        let file = place.deployments.appending(record.id).appending("deployment.json")
        try FileSystem.makeFolder(file.removingLastComponent())
        try FileSystem.write(record.json.encoded(), to: file)
        let container = place.container(record.id, record.containers[0].id)
        try FileSystem.makeFolder(container.rootFileSystem.appending("a/b"))
        try FileSystem.write([], to: container.rootFileSystem.appending("a/b/c"))
        return container
    }

    @Test func `the end of a container is told before its files are removed`() async throws {
        let record = DeploymentRecord(try request())
        let container = try keep(record)
        // No process waits for the container: its end is recorded as soon as it is watched again.
        let table = try await DeploymentTable(folder: place, supervisor: supervisor)
        let isGone = try await eventually(within: 60) { FileSystem.exists(container.bundle) ? nil : true }
        #expect(isGone == true)
        #expect(await table.record(record.id)?.containers[0].status == "failed")
        let told = try FileStatus(place.deployments.appending(record.id).appending("deployment.json")).modified
        #expect(try FileStatus(container.path).modified >= told)
    }

    @Test func `files that an API left which ended meanwhile are removed by the next one`() async throws {
        var record = DeploymentRecord(try request())
        record.containers[0].status = "completed"
        let container = try keep(record)
        let table = try await DeploymentTable(folder: place, supervisor: supervisor)
        let isGone = try await eventually(within: 60) { FileSystem.exists(container.bundle) ? nil : true }
        #expect(isGone == true)
        #expect(await table.record(record.id)?.containers[0].status == "completed")
    }
}
