import POSIX
package import Secrets
package import SystemPackage

/// Where a login is kept that `caasctl login` was given.
package struct RegistryLogin: Sendable {
    /// A place that keeps logins, for people.
    package enum Place: Sendable, Equatable, CustomStringConvertible {
        /// A credential helper.
        case helper(String)
        /// A file, in which the password can be read by whoever can read the file; others than its owner can where `isShared`.
        case file(FilePath, isShared: Bool)

        /// The program's name or the file's path.
        package var description: String {
            switch self {
            case .helper(let program): program
            case .file(let path, _): path.string
            }
        }
    }

    private let file: LoginFile
    private let registry: String
    private let environment: [String: String]

    /// The place for a registry: `$REGISTRY_AUTH_FILE`, else docker's config.json, and the helper that it names.
    package init(
        _ registry: String, environment: [String: String] = ProcessEnvironment.all()
    ) throws(RegistryError) {
        func path(_ name: String) -> FilePath? { environment[name].flatMap { $0.isEmpty ? nil : FilePath($0) } }
        let docker = path("DOCKER_CONFIG") ?? path("HOME")?.appending(".docker")
        guard let file = path("REGISTRY_AUTH_FILE") ?? docker?.appending("config.json") else {
            throw RegistryError(.local, "keep a login for \(registry)", "neither DOCKER_CONFIG nor HOME is set")
        }
        self.registry = registry
        self.file = LoginFile(path: file)
        self.environment = environment
    }

    /// Keeps a login.
    package func keep(user: String, _ password: Secret) async throws(RegistryError) -> Place {
        if let helper = try file.helper(for: registry) {
            try await helper.store(user: user, password)
            return .helper(helper.program)
        }
        try file.keep(user: user, password, for: registry)
        return .file(file.path, isShared: try file.readersBesideOwner() != 0)
    }

    /// Forgets the login; nil where there was none.
    package func forget() async throws(RegistryError) -> Place? {
        let place = Place.file(file.path, isShared: false)
        if let helper = try file.helper(for: registry) {
            let wasKept = try await helper.erase()
            // An older login may stand in the file from before the helper was configured.
            let wasInFile = try file.remove(registry)
            return wasKept ? .helper(helper.program) : wasInFile ? place : nil
        }
        return try file.remove(registry) ? place : nil
    }

    /// The other places that may hold a login of the registry, and whether each is asked before this one.
    package func otherPlaces() throws(RegistryError) -> [(place: String, isAskedFirst: Bool)] {
        let places = try RegistryCredentials.standard(environment: environment).places(for: registry)
        let own = places.firstIndex(of: file.path.string) ?? places.endIndex
        return places.enumerated().filter { $0.offset != own }.map { ($0.element, $0.offset < own) }
    }
}
