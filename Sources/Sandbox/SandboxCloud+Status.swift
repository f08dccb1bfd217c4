import POSIX

/// Reports the state of the sandbox.
extension SandboxCloud {
    /// A server's record, and whether it runs.
    package struct ServerStatus: Sendable {
        package let name: ServerName
        /// The host and port at which the server listens or listened.
        package let address: String
        package let pid: Int32
        package let isAlive: Bool
    }

    /// Returns the status of every server that was started.
    package func servers(_ state: SandboxState) -> [ServerStatus] {
        ServerName.allCases.compactMap { name in
            guard let record = state.servers[name] else { return nil }
            return ServerStatus(
                name: name, address: record.address, pid: record.process.pid, isAlive: record.process.isAlive)
        }
    }

    /// Returns every deployment, the newest first.
    package func deployments() throws -> [DeploymentRecord] {
        try DeploymentTable.load(folder).sorted { ($0.created, $0.id) > ($1.created, $1.id) }
    }
}
