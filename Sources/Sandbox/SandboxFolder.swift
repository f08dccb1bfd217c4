import POSIX
import SystemPackage

/// The paths in the sandbox's folder.
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
    /// The folder in which runc keeps the state of its containers.
    var runc: FilePath { path.appending("runc") }

    func log(of server: ServerName) -> FilePath { logs.appending("\(server.rawValue).log") }

    /// A variable in the environment of all the sandbox's processes, which identifies those that were not recorded.
    static let marker = "CAASCTL_SANDBOX"
    /// Returns the marker's value for a server.
    func mark(_ server: ServerName) -> String { "\(path)#\(server.rawValue)." }
    /// Returns the marker's value for the process that runs a container.
    func mark(container: String) -> String { "\(path)#container-\(container)." }
    /// The prefix of all marker values of this sandbox.
    var anyMark: String { "\(path)#" }

    /// Returns the folder of one container: its logs, its exit status and its bundle.
    func container(_ deployment: String, _ container: String) -> ContainerFolder {
        ContainerFolder(path: deployments.appending(deployment).appending(container))
    }
}

/// The paths in a container's folder.
struct ContainerFolder: Sendable {
    let path: FilePath

    var bundle: FilePath { path.appending("bundle") }
    var rootFileSystem: FilePath { bundle.appending("rootfs") }
    /// The file with the exit status, written when the container exits.
    var exit: FilePath { path.appending("exit") }
    /// The exit status of the container, nil where none was written.
    var exitStatus: Int? {
        guard let content = try? FileSystem.read(exit) else { return nil }
        return Int(String(decoding: content, as: UTF8.self).filter(\.isNumber))
    }
    var runtimeLog: FilePath { path.appending("runc.log") }

    func log(_ stream: String) -> FilePath { path.appending("\(stream).log") }
}
