import ByteText
import RunContract
package import Secrets

/// The environment with which the container was started, with its secrets separated.
package struct InheritedEnvironment: Sendable {
    /// All variables that are not secret; of the entrypoint's own variables and the proxies only those that were sent.
    package let variables: [String: String]
    /// The secrets by name; empty ones count as unset.
    package let secrets: [String: Secret]

    package init(variables: [String: String], secrets: [String: Secret]) {
        self.variables = variables
        self.secrets = secrets
    }

    /// Separates the secrets of an environment.
    ///
    /// A variable with the image's value was not sent by the deployment. The variables that PID 1 obeys are taken only
    /// if they were sent: a base image's `ENV R2_PREFIX` or `ENV https_proxy` would otherwise redirect it.
    ///
    /// `CAAS_SECRETS` names the variables that were sent as secrets. Without it, the variable names decide, but
    /// variables of the image are then not secret (python's official images set GPG_KEY).
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

    /// The variables of this process's own environment that libraries may read: the proxies that were sent.
    package var forLibraries: [String: String] {
        var found: [String: String] = [:]
        for name in EnvironmentName.proxies { found[name] = variables[name] ?? secrets[name]?.unredacted }
        return found
    }

    /// Returns the value of one of the entrypoint's own variables or of its alternative; an empty one counts as unset.
    package func value(_ name: String) -> String? {
        for candidate in [name] + (EnvironmentName.alternatives[name].map { [$0] } ?? []) {
            if let value = variables[candidate], !value.isEmpty { return value }
        }
        return nil
    }

    /// Returns one of the entrypoint's own secrets, or its alternative.
    package func secret(_ name: String) -> Secret? {
        secrets[name] ?? EnvironmentName.alternatives[name].flatMap { secrets[$0] }
    }
}
