package import JSON
package import Secrets
package import SystemPackage

/// What runs, where, with which secrets.
///
/// The file is `manifests/<run>.yaml`; every `${NAME}` in it is expanded.
package struct RunManifest: Sendable, Hashable {
    /// What is rented, and for how long.
    package struct Resources: Sendable, Hashable {
        /// What the provider calls the hardware: `H100`; nil where ``hardwareID`` says it.
        package var gpu: String?
        /// How many GPUs.
        package var gpus: Int
        /// Two-letter countries, names or ids; empty for anywhere.
        package var locations: [String]
        /// Whole hours, which are paid for in advance.
        package var hours: Int
        /// The provider's own id, a number or a text as it is written in the file.
        package var hardwareID: JSONValue?
        /// The provider's own ids.
        package var locationIDs: [JSONValue]
    }

    /// What a private registry asks for.
    package struct RegistryLogin: Sendable, Hashable {
        /// Who logs in.
        package var username: String
        /// The password or token.
        package var password: Secret
        /// The variable that the password is the value of, nil where it stood in the file or came from elsewhere.
        package var passwordVariable: String?

        /// A login from its parts.
        package init(username: String, password: Secret, passwordVariable: String? = nil) {
            self.username = username
            self.password = password
            self.passwordVariable = passwordVariable
        }
    }

    /// The run's name, which its id begins with.
    package var name: String
    /// The file that says all this.
    package var file: FilePath
    /// A folder, a name below `images/`, or a reference already pushed.
    package var image: String
    /// Where the image was pushed to, without a tag; nil where ``image`` is a reference.
    package var repository: String?
    /// What is rented.
    package var resources: Resources
    /// The port that the container serves HTTP on.
    package var port: Int
    /// True where the container goes on serving once everything is verified.
    package var keepAlive: Bool
    /// Variables that anybody may see.
    package var environment: [String: String]
    /// Names of variables whose values are secret and must be set.
    package var secrets: [String]
    /// Names of variables whose values are secret and are sent where they are set.
    package var optionalSecrets: [String]
    /// Nil where docker's config.json says it, or nobody has to log in.
    package var registryLogin: RegistryLogin?
    /// The run is refused if it costs more.
    package var budgetUSD: Double?
}
