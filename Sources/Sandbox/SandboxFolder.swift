import SystemPackage

/// The names in the sandbox's folder.
struct SandboxFolder: Sendable {
    let path: FilePath

    var state: FilePath { path.appending("state.json") }
    var registryConfiguration: FilePath { path.appending("registry.yml") }
    var registryUsers: FilePath { path.appending("registry.users") }
    var registryData: FilePath { path.appending("registry") }
    var buckets: FilePath { path.appending("storage") }
    var storageCache: FilePath { path.appending("storage-cache") }
    var logs: FilePath { path.appending("logs") }
    var deployments: FilePath { path.appending("deployments") }
    var images: FilePath { path.appending("images") }
    /// What runc remembers of its containers.
    var runc: FilePath { path.appending("runc") }

    func log(of server: ServerName) -> FilePath { logs.appending("\(server.rawValue).log") }

    /// A variable that every process of this sandbox carries, so that none is lost when nobody could write it down.
    static let marker = "CAASCTL_SANDBOX"
    /// The marker's value for a server.
    func mark(_ server: ServerName) -> String { "\(path)#\(server.rawValue)." }
    /// The marker's value for what runs a container.
    func mark(container: String) -> String { "\(path)#container-\(container)." }
    /// What every marker's value of this sandbox begins with.
    var anyMark: String { "\(path)#" }

    /// What belongs to one container: its logs, how it ended, and its bundle.
    func container(_ deployment: String, _ container: String) -> ContainerFolder {
        ContainerFolder(path: deployments.appending(deployment).appending(container))
    }
}

/// The names in a container's folder.
struct ContainerFolder: Sendable {
    let path: FilePath

    var bundle: FilePath { path.appending("bundle") }
    var rootFileSystem: FilePath { bundle.appending("rootfs") }
    /// The exit status, written when the container ended.
    var exit: FilePath { path.appending("exit") }
    var runtimeLog: FilePath { path.appending("runc.log") }

    func log(_ stream: String) -> FilePath { path.appending("\(stream).log") }
}
