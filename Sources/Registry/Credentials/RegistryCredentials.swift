import POSIX
package import Secrets
package import SystemPackage

/// The credentials for all registries: those added explicitly, otherwise those of docker, podman and curl.
package struct RegistryCredentials: Sendable {
    private var logins: [String: RegistryCredential] = [:]
    /// The whole environment.
    ///
    /// `$DOCKER_AUTH_CONFIG` is parsed, and can fail, only when a login is needed.
    private let environment: [String: String]
    private let files: [LoginFile]
    private let netrc: Netrc?

    /// Credentials from docker's, podman's and curl's places; the first that has an entry is used.
    ///
    /// The order follows docker for its variable and containers/image for the files:
    ///
    /// 1. `$DOCKER_AUTH_CONFIG`
    /// 2. `$REGISTRY_AUTH_FILE`; if it is set, the files of 3 to 5 are not read
    /// 3. `$XDG_RUNTIME_DIR/containers/auth.json`, or `/run/containers/<user id>/auth.json` if the variable is unset
    /// 4. `$XDG_CONFIG_HOME/containers/auth.json`, or that of `~/.config`
    /// 5. `$DOCKER_CONFIG/config.json`, or `~/.docker/config.json`
    /// 6. `$NETRC`, or `~/.netrc`
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

    /// No credentials until some are added.
    package static let none = RegistryCredentials(environment: [:], files: [], netrc: nil)

    /// Creates credentials from one file in docker's format, or none for nil.
    package init(configuration: FilePath?) {
        self.init(environment: [:], files: configuration.map { [LoginFile(path: $0)] } ?? [], netrc: nil)
    }

    private init(environment: [String: String], files: [LoginFile], netrc: Netrc?) {
        self.environment = environment
        self.files = files
        self.netrc = netrc
    }

    /// Sets the credential for a registry, which takes precedence over all files.
    ///
    /// `registry` is the name as written in references.
    package mutating func add(_ credential: RegistryCredential, for registry: String) { logins[registry] = credential }

    /// Returns user name and password for a repository, or nil if there are none.
    ///
    /// It is for other programs that pull with the user's login.
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

    /// Returns the places that may hold a login for the registry, in lookup order; a netrc file is not among them.
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
