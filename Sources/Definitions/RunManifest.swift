package import Secrets
package import SystemPackage

/// The manifest of a run: its image, resources, variables and secrets.
///
/// The file is `manifests/<run>.yaml`; every `${NAME}` in it is expanded.
package struct RunManifest: Sendable, Hashable {
    /// The login for a private registry.
    package struct RegistryLogin: Sendable, Hashable {
        package var username: String
        /// The password or token.
        package var password: Secret
        /// The variable with the password; nil if the password was in the file or came from elsewhere.
        package var passwordVariable: String?

        package init(username: String, password: Secret, passwordVariable: String? = nil) {
            self.username = username
            self.password = password
            self.passwordVariable = passwordVariable
        }
    }

    /// The run's name, which is the beginning of its ID.
    package var name: String
    /// The manifest's file.
    package var file: FilePath
    /// The name of the target that lends the machine, such as `ionet`; see ``unknownTarget(among:)``.
    package var target: String
    /// The place of ``target`` in the file, for errors.
    var targetPlace: String
    /// The image: a folder, a name below `images/`, or a reference that was already pushed.
    package var image: String
    /// The repository that the image is pushed to, without a tag; nil if ``image`` is a reference.
    package var repository: String?
    /// The machine that is wanted, in the keys of its target, which decodes them.
    package var resources: YAMLValue
    /// The port on which the container serves HTTP.
    package var port: Int
    /// True if the container keeps serving after everything is verified.
    package var keepAlive: Bool
    /// The variables that are not secret.
    package var environment: [String: String]
    /// The names of secret variables that must be set.
    package var secrets: [String]
    /// The names of secret variables that are sent only if they are set.
    package var optionalSecrets: [String]
    /// The registry login; nil to use docker's config.json, or for a public registry.
    package var registryLogin: RegistryLogin?
    /// The cost limit in US dollars, above which the run is refused.
    package var budgetUSD: Double?
}
