private import CLinux
import RunContract
public import Secrets

/// What the container was started with, its secrets set apart and wiped from where other processes could read them.
public struct InheritedEnvironment: Sendable {
    /// Everything that is no secret.
    public let variables: [String: String]
    /// The secrets by name; empty ones count as unset.
    public let secrets: [String: Secret]

    /// An environment from its parts.
    public init(variables: [String: String], secrets: [String: Secret]) {
        self.variables = variables
        self.secrets = secrets
    }

    /// Splits an environment.
    ///
    /// `CAAS_SECRETS` says what was sent as secret; without it the names decide, but what the image itself brings is none
    /// (python's official images set GPG_KEY).
    public init(_ all: [String: String], image: [String: String]) {
        let named = all[EnvironmentName.secrets].map { list in
            Set(list.split(separator: ",").map { String($0.filter { $0 != " " }) })
        }
        var variables: [String: String] = [:]
        var secrets: [String: Secret] = [:]
        for (name, value) in all {
            let isSecret =
                Self.alwaysSecret.contains(name)
                || (named?.contains(name) ?? (EnvironmentName.looksSecret(name) && image[name] != value))
            if !isSecret { variables[name] = value } else if !value.isEmpty { secrets[name] = Secret(value) }
        }
        self.init(variables: variables, secrets: secrets)
    }

    private static let alwaysSecret: Set<String> = [
        EnvironmentName.accessKeyID, EnvironmentName.secretAccessKey, EnvironmentName.sessionToken,
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", EnvironmentName.statusToken,
    ]

    /// Takes this process's environment and overwrites the secrets' bytes, which /proc/1/environ would go on showing.
    ///
    /// To be called before there is a second thread.
    public static func take(_ all: [String: String], image: [String: String]) -> InheritedEnvironment {
        let inherited = InheritedEnvironment(all, image: image)
        for name in inherited.secrets.keys {
            if let value = getenv(name) { memset(value, Int32(UInt8(ascii: "x")), strlen(value)) }
            unsetenv(name)
        }
        return inherited
    }

    /// The value of one of the entrypoint's own variables or of its second choice; an empty one counts as unset.
    public func value(_ name: String) -> String? {
        for candidate in [name] + (EnvironmentName.alternatives[name].map { [$0] } ?? []) {
            if let value = variables[candidate], !value.isEmpty { return value }
        }
        return nil
    }

    /// One of the secrets that the entrypoint itself uses, or its second choice.
    public func secret(_ name: String) -> Secret? {
        secrets[name] ?? EnvironmentName.alternatives[name].flatMap { secrets[$0] }
    }
}
