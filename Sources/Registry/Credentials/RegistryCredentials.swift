import POSIX
package import Secrets
package import SystemPackage

/// Who we are for each registry: what was said, else what docker, podman and curl were told.
package struct RegistryCredentials: Sendable {
    private var logins: [String: RegistryCredential] = [:]
    /// The whole environment, so that `$DOCKER_AUTH_CONFIG` is read, and may be wrong, only where a login is needed.
    private let environment: [String: String]
    private let files: [LoginFile]
    private let netrc: Netrc?

    /// The credentials of docker's, podman's and curl's places, the first that has an entry.
    ///
    /// In this order, docker's for its variable and containers/image's for the files: `$DOCKER_AUTH_CONFIG`;
    /// `$REGISTRY_AUTH_FILE`, and where it is set no other file; `$XDG_RUNTIME_DIR/containers/auth.json`, without the
    /// variable `/run/containers/<user id>/auth.json`; `$XDG_CONFIG_HOME/containers/auth.json`, else that of `~/.config`;
    /// `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`. At last `$NETRC`, else `~/.netrc`.
    ///
    /// Sources: <https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md> and
    /// <https://github.com/docker/cli/blob/master/cli/config/configfile/file.go>.
    package static func standard(environment: [String: String] = ProcessEnvironment.all()) -> RegistryCredentials {
        func folder(_ name: String) -> FilePath? {
            environment[name].flatMap { $0.isEmpty ? nil : FilePath($0) }
        }
        let home = folder("HOME")
        let netrc = (folder("NETRC") ?? home?.appending(".netrc")).map { Netrc(path: $0) }
        let files: [FilePath?]
        if let said = folder("REGISTRY_AUTH_FILE") {
            files = [said]
        } else {
            let running =
                folder("XDG_RUNTIME_DIR")?.appending("containers") ?? FilePath("/run/containers/\(CurrentUser.id)")
            let configured = (folder("XDG_CONFIG_HOME") ?? home?.appending(".config"))?.appending("containers")
            let docker = folder("DOCKER_CONFIG") ?? home?.appending(".docker")
            files = [running, configured].map { $0?.appending("auth.json") } + [docker?.appending("config.json")]
        }
        return RegistryCredentials(
            environment: environment, files: files.compactMap { $0.map { LoginFile(path: $0) } }, netrc: netrc)
    }

    /// No credentials but those added.
    package static let none = RegistryCredentials(environment: [:], files: [], netrc: nil)

    /// The credentials of one file of docker's form; nil for no file.
    package init(configuration: FilePath?) {
        self.init(environment: [:], files: configuration.map { [LoginFile(path: $0)] } ?? [], netrc: nil)
    }

    private init(environment: [String: String], files: [LoginFile], netrc: Netrc?) {
        self.environment = environment
        self.files = files
        self.netrc = netrc
    }

    /// Takes this credential for a registry, named as references name it, before any file.
    package mutating func add(_ credential: RegistryCredential, for registry: String) { logins[registry] = credential }

    /// User name and password for a repository, for whoever pulls in our name; nil where there are none.
    package func login(
        for registry: String, repository: String
    ) async throws(RegistryError) -> (username: String, password: Secret)? {
        let credential = try await credential(for: registry, repository: repository)
        guard case .password(let user, let password) = credential.kind else { return nil }
        return (user, password)
    }

    func credential(for registry: String, repository: String) async throws(RegistryError) -> RegistryCredential {
        if let login = logins[registry] { return login }
        var reasons: [String] = []
        if let document = try LoginDocument(environment: environment) {
            let credential = await document.credential(for: registry, repository: repository)
            guard credential.kind == .none else { return credential }
            reasons.append(credential.reason)
        }
        for file in files {
            let credential = try await file.credential(for: registry, repository: repository)
            guard credential.kind == .none else { return credential }
            reasons.append(credential.reason)
        }
        if let credential = try netrc?.credential(for: registry) { return credential }
        return .none(because: reasons.isEmpty ? "none were given" : reasons.joined(separator: ", "))
    }

    /// The places that may know a login of a registry, in the order in which they are asked; netrc is none of docker's.
    func places(for registry: String) throws(RegistryError) -> [String] {
        var places: [String] = []
        if let document = try LoginDocument(environment: environment), document.mayKnow(registry) {
            places.append(document.place)
        }
        for file in files {
            if let document = try file.document(), document.mayKnow(registry) { places.append(document.place) }
        }
        return places
    }
}
