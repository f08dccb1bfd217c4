import ByteText
import Containers
import JSON
import OCI
import POSIX
import Secrets
import SystemPackage
import Wording

/// The user that runs containers: root, with docker's default rights, or an ordinary user without any.
struct RuntimeIdentity: Sendable {
    let user: UInt32
    let group: UInt32

    var isRootless: Bool { user != 0 }

    static var current: RuntimeIdentity { RuntimeIdentity(user: CurrentUser.id, group: CurrentUser.group) }
}

/// The configuration of a container for runc. <https://github.com/opencontainers/runtime-spec/blob/main/config.md>
struct RuntimeSpec: Sendable {
    let arguments: [String]
    let environment: [String: String]
    let folder: String
    let user: ContainerUser
    let hostname: String
    let bundle: FilePath
    let identity: RuntimeIdentity
    let limits: ContainerLimits
    /// The host's folders that the container sees at the same place.
    var folders: [FilePath] = []

    /// Combines the image's config with the deployment's request, which takes precedence.
    init(
        config: ImageConfig, request: DeployRequest, port: Int, hostname: String, bundle: FilePath,
        identity: RuntimeIdentity, limits: ContainerLimits
    ) throws {
        let own = (Self.texts(config["Entrypoint"]) ?? []) + (Self.texts(config["Cmd"]) ?? [])
        arguments = request.entrypoint.flatMap { $0.isEmpty ? nil : $0 } ?? own
        guard !arguments.isEmpty else {
            throw Failure("run \(request.image)", "neither the image nor the deployment says what to run")
        }
        environment = Self.environment(config, request, port: port, hostname: hostname)
        let workdir = config["WorkingDir"]?.string ?? ""
        folder = workdir.hasPrefix(bytes: "/") ? workdir : "/" + workdir
        self.hostname = hostname
        self.bundle = bundle
        self.identity = identity
        self.limits = limits
        guard !identity.isRootless else {
            user = .root
            return
        }
        user = try ContainerUser(
            config["User"]?.string ?? "", in: RootResolver(path: bundle.appending("rootfs")))
    }

    private static func texts(_ value: JSONValue?) -> [String]? { value?.array?.compactMap(\.string) }

    /// Returns the image's variables, then the deployment's, then the assigned port.
    private static func environment(
        _ config: ImageConfig, _ request: DeployRequest, port: Int, hostname: String
    ) -> [String: String] {
        var environment = [
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME": hostname,
        ]
        for (name, value) in config.environment { environment[name] = value }
        environment.merge(request.environment) { $1 }
        environment.merge(request.secrets.mapValues(\.unredacted)) { $1 }
        environment["PORT"] = String(port)
        environment["BIND_ADDRESS"] = "127.0.0.1"
        return environment
    }

    /// Writes the files that are mounted from the bundle, and the `/tmp` that every program expects.
    func writeFiles() throws {
        let names = (try? FileSystem.read("/etc/hosts")) ?? Array("127.0.0.1 localhost\n::1 localhost\n".utf8)
        try FileSystem.write(
            names + Array("\n127.0.0.1 \(hostname)\n".utf8), to: bundle.appending("hosts"), mode: 0o644, exactly: true)
        let servers = (try? FileSystem.read("/etc/resolv.conf")) ?? []
        try FileSystem.write(servers, to: bundle.appending("resolv.conf"), mode: 0o644, exactly: true)
        let temporary = bundle.appending("rootfs").appending("tmp")
        // lstat, so that a symbolic link in the image is not followed.
        guard (try? FileStatus(temporary)) == nil else { return }
        try FileSystem.makeFolder(temporary)
        try FileSystem.setMode(temporary, 0o1777)
    }
}
