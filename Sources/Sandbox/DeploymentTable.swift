import JSON
import POSIX
import SystemPackage
import Timestamps
import Wording

/// All deployments; each change is written to the deployment's file before the API reports it.
actor DeploymentTable {
    private let folder: SandboxFolder
    private let supervisor: any ContainerSupervising
    private var records: [String: DeploymentRecord] = [:]

    /// Loads the stored deployments and resumes watching their containers.
    init(folder: SandboxFolder, supervisor: any ContainerSupervising) async throws {
        self.folder = folder
        self.supervisor = supervisor
        for record in try Self.load(folder) { records[record.id] = record }
        for record in records.values {
            for container in record.containers {
                Task { await supervisor.resume(record, container, in: self) }
            }
        }
    }

    /// Reads the deployments in a sandbox's folder, also while its API is not running.
    static func load(_ folder: SandboxFolder) throws -> [DeploymentRecord] {
        var records: [DeploymentRecord] = []
        for name in try names(in: folder.deployments) {
            let file = folder.deployments.appending(name).appending("deployment.json")
            guard FileSystem.exists(file) else { continue }
            do { records.append(try DeploymentRecord(json: JSONValue(parsing: FileSystem.read(file)))) } catch {
                throw Failure("read deployment \(name)", error)
            }
        }
        return records
    }

    private static func names(in folder: FilePath) throws -> [FilePath.Component] {
        do throws(POSIXError) { return try FileSystem.names(in: folder) } catch {
            guard error.errno == .noSuchFileOrDirectory else { throw error }
            return []
        }
    }

    /// Returns all deployments, the newest first.
    func all() -> [DeploymentRecord] {
        records.values.sorted { ($0.created, $0.id) > ($1.created, $1.id) }
    }

    func record(_ id: String) -> DeploymentRecord? { records[id] }

    /// Returns whether a deployment that was not destroyed has the name.
    func hasName(_ name: String) -> Bool { records.values.contains { $0.name == name && $0.status != .destroyed } }

    /// Returns whether the user requested the deployment's end.
    func isTerminating(_ id: String) -> Bool { records[id].map { $0.status == .terminationRequested } ?? true }

    nonisolated func log(_ id: String, _ container: String, _ stream: String) -> FilePath {
        folder.container(id, container).log(stream)
    }

    /// Starts a deployment; returns nil where its name is taken.
    func add(_ request: DeployRequest) throws -> DeploymentRecord? {
        guard !hasName(request.name) else { return nil }
        let record = DeploymentRecord(request)
        try store(record)
        for container in record.containers {
            Task { await supervisor.run(request, record, container, in: self) }
        }
        return record
    }

    /// Records that the user requested the end; returns nil where there is no such deployment.
    ///
    /// The tasks that watch the containers read this status.
    func requestTermination(_ id: String) throws -> DeploymentRecord? {
        guard var record = records[id] else { return nil }
        if record.status == .destroyed { return record }
        record.status = record.status.isFinal ? .destroyed : .terminationRequested
        try store(record)
        return record
    }

    /// Changes a container's record, and updates the status of its deployment.
    @discardableResult
    func update(
        _ id: String, _ container: String, _ change: @Sendable (inout ContainerRecord) -> Void
    ) throws -> DeploymentRecord? {
        guard var record = records[id], let index = record.containers.firstIndex(where: { $0.id == container }) else {
            return nil
        }
        change(&record.containers[index])
        record.conclude(now: .now())
        try store(record)
        return record
    }

    private func store(_ record: DeploymentRecord) throws {
        let folder = folder.deployments.appending(record.id)
        do throws(POSIXError) {
            try FileSystem.makeFolder(folder, mode: 0o700)
            let file = folder.appending("deployment.json")
            try FileSystem.write(record.json.prettyEncoded(), to: file, mode: 0o600)
        } catch { throw Failure("remember deployment \(record.name)", error) }
        records[record.id] = record
    }
}

extension DeploymentRecord {
    /// Sets the status that follows from the containers' statuses.
    mutating func conclude(now: Timestamp) {
        guard !status.isFinal else { return }
        let isOver = containers.allSatisfy(\.isFinal)
        if status == .terminationRequested {
            if isOver { status = .destroyed }
        } else if isOver {
            status = containers.allSatisfy { $0.status == "completed" } ? .completed : .failed
        } else if containers.contains(where: { $0.status == "running" }) {
            status = .running
            started = started ?? now
        }
        if status.isFinal { finished = now }
    }
}
