import JSON
import POSIX
import Secrets
import SystemPackage
import Wording

/// The commands of the three servers.
extension ServerProcess {
    /// Returns the command of docker-registry, with its blobs in the sandbox's folder.
    static func registry(
        _ program: FilePath, folder: SandboxFolder, state: SandboxState, port: Int
    ) throws -> ServerProcess {
        let configuration = """
            version: 0.1
            log: {level: info, formatter: json, accesslog: {disabled: true}}
            storage: {filesystem: {rootdirectory: \(JSONValue.string(folder.registryData.string).text)}, delete: {enabled: true}}
            auth: {htpasswd: {realm: sandbox, path: \(JSONValue.string(folder.registryUsers.string).text)}}
            http: {addr: "127.0.0.1:\(port)"}

            """
        let users = try state.registryAccount.htpasswd()
        do throws(POSIXError) {
            try FileSystem.write(Array(users.utf8), to: folder.registryUsers, mode: 0o600)
            try FileSystem.write(Array(configuration.utf8), to: folder.registryConfiguration, mode: 0o600)
        } catch { throw Failure("configure the sandbox's registry", error) }
        return ServerProcess(
            name: .registry, program: program, arguments: ["serve", folder.registryConfiguration.string],
            environment: environment(
                .registry, folder,
                ["REGISTRY_HTTP_SECRET": state.registrySecret.unredacted, "OTEL_SDK_DISABLED": "true"]),
            log: folder.log(of: .registry), announcement: "listening on ")
    }

    /// Returns the command of rclone's S3 server, whose buckets are folders.
    static func storage(
        _ program: FilePath, folder: SandboxFolder, state: SandboxState, port: Int
    ) throws -> ServerProcess {
        do throws(POSIXError) {
            try FileSystem.makeFolder(folder.buckets.appending(state.bucket), mode: 0o700)
        } catch { throw Failure("make the sandbox's bucket", error) }
        let arguments = [
            "serve", "s3", "--addr", "127.0.0.1:\(port)", "--cache-dir", folder.storageCache.string,
            folder.buckets.string,
        ]
        // In the environment, since every user can read a process's arguments; in quotes, since rclone parses CSV.
        let key = "\"\(state.storageKeyID),\(state.storageKey.unredacted)\""
        return ServerProcess(
            name: .storage, program: program, arguments: arguments,
            environment: environment(.storage, folder, ["RCLONE_AUTH_KEY": key, "RCLONE_CONFIG": ""]),
            log: folder.log(of: .storage), announcement: "Starting s3 server on [http://")
    }

    /// Returns the command of this program as the API server.
    static func api(_ program: FilePath, folder: SandboxFolder, port: Int) -> ServerProcess {
        ServerProcess(
            name: .api, program: program,
            arguments: ["sandbox", "serve", "--folder", folder.path.string, "--port", String(port)],
            environment: environment(.api, folder, proxy), log: folder.log(of: .api), announcement: apiAnnouncement)
    }

    /// The proxy variables for remote registries; none for plain HTTP, which is only for registries on this machine.
    private static var proxy: [String: String] {
        var variables: [String: String] = [:]
        for name in ["HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"] {
            variables[name] = ProcessEnvironment.value(name)
        }
        return variables
    }

    /// The text that the API prints before its address.
    static let apiAnnouncement = "the sandbox's API listens on "

    /// Returns only the variables that a server needs, so that it does not get the user's own keys.
    private static func environment(
        _ name: ServerName, _ folder: SandboxFolder, _ own: [String: String]
    ) -> [String: String] {
        var environment = own
        for kept in ["PATH", "HOME", "LANG", "TMPDIR", "XDG_RUNTIME_DIR", "CAASCTL_CACHE"] {
            environment[kept] = ProcessEnvironment.value(kept)
        }
        environment[SandboxFolder.marker] = folder.mark(name)
        return environment
    }
}
