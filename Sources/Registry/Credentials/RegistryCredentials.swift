public import POSIX
public import Secrets
public import SystemPackage

/// Who we are for each registry: what was said, else what the files of docker, podman and curl hold.
public struct RegistryCredentials: Sendable {
    private var logins: [String: RegistryCredential] = [:]
    private let files: [LoginFile]
    private let netrc: Netrc?

    /// The credentials of docker's and podman's configuration and of netrc, the first that has an entry.
    ///
    /// In this order: `$REGISTRY_AUTH_FILE`; `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`;
    /// `$XDG_RUNTIME_DIR/containers/auth.json`; `$XDG_CONFIG_HOME/containers/auth.json`; `$NETRC`, else `~/.netrc`.
    public static func standard(environment: [String: String] = ProcessEnvironment.all()) -> RegistryCredentials {
        func folder(_ name: String) -> FilePath? {
            environment[name].flatMap { $0.isEmpty ? nil : FilePath($0) }
        }
        let home = folder("HOME")
        let docker = folder("DOCKER_CONFIG") ?? home?.appending(".docker")
        let containers = [folder("XDG_RUNTIME_DIR"), folder("XDG_CONFIG_HOME") ?? home?.appending(".config")]
        let files =
            [folder("REGISTRY_AUTH_FILE"), docker?.appending("config.json")]
            + containers.map { $0?.appending("containers").appending("auth.json") }
        return RegistryCredentials(
            files: files.compactMap { $0.map { LoginFile(path: $0) } },
            netrc: (folder("NETRC") ?? home?.appending(".netrc")).map { Netrc(path: $0) })
    }

    /// No credentials but those added.
    public static let none = RegistryCredentials(files: [], netrc: nil)

    /// The credentials of one file of docker's form; nil for no file.
    public init(configuration: FilePath?) {
        self.init(files: configuration.map { [LoginFile(path: $0)] } ?? [], netrc: nil)
    }

    private init(files: [LoginFile], netrc: Netrc?) {
        self.files = files
        self.netrc = netrc
    }

    /// Takes this credential for a registry, named as references name it, before any file.
    public mutating func add(_ credential: RegistryCredential, for registry: String) { logins[registry] = credential }

    /// User name and password for a repository, for whoever pulls in our name; nil where there are none.
    public func login(
        for registry: String, repository: String
    ) async throws(RegistryError) -> (username: String, password: Secret)? {
        let credential = try await credential(for: registry, repository: repository)
        guard case .password(let user, let password) = credential.kind else { return nil }
        return (user, password)
    }

    func credential(for registry: String, repository: String) async throws(RegistryError) -> RegistryCredential {
        if let login = logins[registry] { return login }
        var reasons: [String] = []
        for file in files {
            let credential = try await file.credential(for: registry, repository: repository)
            guard credential.kind == .none else { return credential }
            reasons.append(credential.reason)
        }
        if let credential = try netrc?.credential(for: registry) { return credential }
        return .none(because: reasons.isEmpty ? "none were given" : reasons.joined(separator: ", "))
    }
}
