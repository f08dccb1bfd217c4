import POSIX

/// What there is of the sandbox.
extension LocalCloud {
    /// A server and whether it runs.
    package struct ServerStatus: Sendable {
        /// Which one.
        package let name: ServerName
        /// Where it listens, or did.
        package let address: String
        /// Its process.
        package let pid: Int32
        /// True while the process runs.
        package let isAlive: Bool
    }

    /// Every server that was started.
    package func servers(_ state: SandboxState) -> [ServerStatus] {
        ServerName.allCases.compactMap { name in
            guard let record = state.servers[name] else { return nil }
            return ServerStatus(
                name: name, address: record.address, pid: record.process.pid, isAlive: record.process.isAlive)
        }
    }

    /// Every deployment, the newest first.
    package func deployments() throws(SandboxError) -> [DeploymentRecord] {
        try DeploymentTable.load(folder).sorted { ($0.created, $0.id) > ($1.created, $1.id) }
    }
}
