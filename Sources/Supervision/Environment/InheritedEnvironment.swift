import ByteText
import RunContract
package import Secrets

/// What the container was started with, its secrets set apart.
package struct InheritedEnvironment: Sendable {
    /// Everything that is no secret; of the entrypoint's own names and of proxies only what the deployment sent.
    package let variables: [String: String]
    /// The secrets by name; empty ones count as unset.
    package let secrets: [String: Secret]

    /// An environment from its parts.
    package init(variables: [String: String], secrets: [String: Secret]) {
        self.variables = variables
        self.secrets = secrets
    }

    /// Splits an environment.
    ///
    /// What has the image's own value was not sent, and of what PID 1 obeys nothing else is taken: a base's `ENV R2_PREFIX`
    /// or `ENV https_proxy` would lead it elsewhere.
    ///
    /// `CAAS_SECRETS` says what was sent as secret; without it the names decide, but what the image itself brings is none
    /// (python's official images set GPG_KEY).
    package init(_ all: [String: String], image: [String: String]) {
        let obeyed = all.filter { name, value in
            let isObeyed = EnvironmentName.isEntrypointsOwn(name) || EnvironmentName.proxies.contains(name)
            return !isObeyed || image[name] != value
        }
        let named = obeyed[EnvironmentName.secrets].map { list in
            Set(list.split(byte: ",").map { String($0.filter { $0 != " " }) })
        }
        var variables: [String: String] = [:]
        var secrets: [String: Secret] = [:]
        for (name, value) in obeyed {
            let isSecret =
                EnvironmentName.keys.contains(name)
                || (named?.contains(name) ?? (EnvironmentName.looksSecret(name) && image[name] != value))
            if !isSecret { variables[name] = value } else if !value.isEmpty { secrets[name] = Secret(value) }
        }
        self.init(variables: variables, secrets: secrets)
    }

    /// What libraries may find in this process's own environment: the proxies that were sent.
    package var forLibraries: [String: String] {
        var found: [String: String] = [:]
        for name in EnvironmentName.proxies { found[name] = variables[name] ?? secrets[name]?.unredacted }
        return found
    }

    /// The value of one of the entrypoint's own variables or of its second choice; an empty one counts as unset.
    package func value(_ name: String) -> String? {
        for candidate in [name] + (EnvironmentName.alternatives[name].map { [$0] } ?? []) {
            if let value = variables[candidate], !value.isEmpty { return value }
        }
        return nil
    }

    /// One of the secrets that the entrypoint itself uses, or its second choice.
    package func secret(_ name: String) -> Secret? {
        secrets[name] ?? EnvironmentName.alternatives[name].flatMap { secrets[$0] }
    }
}
