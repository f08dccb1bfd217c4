import POSIX
package import Secrets
package import SystemPackage

/// The place where `caasctl login` stores a login.
package struct RegistryLogin: Sendable {
    package enum Place: Sendable, Equatable, CustomStringConvertible {
        /// A credential helper.
        case helper(String)
        /// A file with the password in it; `isShared` is true if its mode lets the group or others read it.
        case file(FilePath, isShared: Bool)

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

    /// Creates the place for a registry.
    ///
    /// The file is `$REGISTRY_AUTH_FILE`, otherwise docker's config.json; a credential helper that it configures takes
    /// precedence.
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

    /// Stores a login, and returns where it is.
    package func keep(user: String, _ password: Secret) async throws(RegistryError) -> Place {
        if let helper = try file.helper(for: registry) {
            try await helper.store(user: user, password)
            return .helper(helper.program)
        }
        try file.keep(user: user, password, for: registry)
        return .file(file.path, isShared: try file.readersBesideOwner() != 0)
    }

    /// Deletes the login; returns nil if there was none.
    package func forget() async throws(RegistryError) -> Place? {
        let place = Place.file(file.path, isShared: false)
        if let helper = try file.helper(for: registry) {
            let wasKept = try await helper.erase()
            // The file may hold an older entry from before the helper was configured.
            let wasInFile = try file.remove(registry)
            return wasKept ? .helper(helper.program) : wasInFile ? place : nil
        }
        return try file.remove(registry) ? place : nil
    }

    /// Returns the other places that may hold a login for the registry, and whether each takes precedence over this
    /// one.
    package func otherPlaces() throws(RegistryError) -> [(place: String, isAskedFirst: Bool)] {
        let places = try RegistryCredentials.standard(environment: environment).places(for: registry)
        let own = places.firstIndex(of: file.path.string) ?? places.endIndex
        return places.enumerated().filter { $0.offset != own }.map { ($0.element, $0.offset < own) }
    }
}
