public import POSIX
public import Secrets
public import SystemPackage

/// Who we are for each registry: what was said, else what docker's config.json holds.
public struct RegistryCredentials: Sendable {
    private var logins: [String: RegistryCredential] = [:]
    private let configuration: FilePath?

    /// The credentials of docker's configuration, in `$DOCKER_CONFIG` or `~/.docker`.
    public static func docker(
        environment: [String: String] = ProcessEnvironment.all()
    ) -> RegistryCredentials {
        if let folder = environment["DOCKER_CONFIG"], !folder.isEmpty {
            return RegistryCredentials(configuration: FilePath(folder).appending("config.json"))
        }
        return RegistryCredentials(
            configuration: environment["HOME"].map { FilePath($0).appending(".docker").appending("config.json") })
    }

    /// No credentials but those added.
    public static let none = RegistryCredentials(configuration: nil)

    /// The credentials of one file of docker's form; nil for no file.
    public init(configuration: FilePath?) { self.configuration = configuration }

    /// Takes this credential for a registry, named as references name it, before any file.
    public mutating func add(_ credential: RegistryCredential, for registry: String) { logins[registry] = credential }

    /// User name and password for a registry, for whoever pulls in our name; nil where there are none.
    public func login(for registry: String) throws(RegistryError) -> (username: String, password: Secret)? {
        guard case .password(let user, let password) = try credential(for: registry).kind else { return nil }
        return (user, password)
    }

    func credential(for registry: String) throws(RegistryError) -> RegistryCredential {
        if let login = logins[registry] { return login }
        guard let configuration else { return .none(because: "none were given") }
        return try DockerConfiguration.credential(for: registry, in: configuration)
    }
}
