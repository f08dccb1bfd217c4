public import JSON
public import Secrets
public import SystemPackage

/// What runs, where, with which secrets.
///
/// The file is `manifests/<run>.yaml`; every `${NAME}` in it is expanded.
public struct RunManifest: Sendable, Hashable {
    /// What is rented, and for how long.
    public struct Resources: Sendable, Hashable {
        /// What the provider calls the hardware: `H100`; nil where ``hardwareID`` says it.
        public var gpu: String?
        /// How many GPUs.
        public var gpus: Int
        /// Two-letter countries, names or ids; empty for anywhere.
        public var locations: [String]
        /// Whole hours, which are paid for in advance.
        public var hours: Int
        /// The provider's own id, a number or a text as it is written in the file.
        public var hardwareID: JSONValue?
        /// The provider's own ids.
        public var locationIDs: [JSONValue]
    }

    /// What a private registry asks for.
    public struct RegistryLogin: Sendable, Hashable {
        /// Who logs in.
        public var username: String
        /// The password or token.
        public var password: Secret
        /// The variable that the password is the value of, nil where it stood in the file or came from elsewhere.
        public var passwordVariable: String?

        /// A login from its parts.
        public init(username: String, password: Secret, passwordVariable: String? = nil) {
            self.username = username
            self.password = password
            self.passwordVariable = passwordVariable
        }
    }

    /// The run's name, which its id begins with.
    public var name: String
    /// The file that says all this.
    public var file: FilePath
    /// A folder, a name below `images/`, or a reference already pushed.
    public var image: String
    /// Where the image was pushed to, without a tag; nil where ``image`` is a reference.
    public var repository: String?
    /// What is rented.
    public var resources: Resources
    /// The port that the container serves HTTP on.
    public var port: Int
    /// True where the container goes on serving once everything is verified.
    public var keepAlive: Bool
    /// Variables that anybody may see.
    public var environment: [String: String]
    /// Names of variables whose values are secret and must be set.
    public var secrets: [String]
    /// Names of variables whose values are secret and are sent where they are set.
    public var optionalSecrets: [String]
    /// Nil where docker's config.json says it, or nobody has to log in.
    public var registryLogin: RegistryLogin?
    /// The run is refused if it costs more.
    public var budgetUSD: Double?
}
