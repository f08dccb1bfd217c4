package import JSON
import RunContract
import Secrets
package import SystemPackage
package import Wording

extension RunManifest {
    private static let keys = [
        "name", "target", "image", "repository", "resources", "port", "keep_alive", "environment", "secrets",
        "optional_secrets", "registry_login", "budget_usd",
    ]
    /// The variables that caasctl itself sets from other keys of the manifest.
    private static let reserved = [
        EnvironmentName.port: "'port'", EnvironmentName.keepAlive: "'keep_alive'",
        EnvironmentName.runID: "the run's id", EnvironmentName.statusToken: "the run's own token",
        EnvironmentName.secrets: "'secrets'",
    ]

    /// Reads a manifest; each of `overrides` is `KEY=VALUE` with a dotted key, as in `--set`.
    package init(reading file: FilePath, settings: Settings, overrides: [String] = []) throws {
        try self.init(YAMLValue(reading: file), file: file, settings: settings, overrides: overrides)
    }

    /// Parses the text of a manifest.
    ///
    /// `file` appears in errors; it need not exist.
    package init(parsing text: String, file: FilePath, settings: Settings, overrides: [String] = []) throws {
        let document = try YAMLValue(parsing: text, file: file.string)
        try self.init(document, file: file, settings: settings, overrides: overrides)
    }

    init(_ source: YAMLValue, file: FilePath, settings: Settings, overrides: [String]) throws {
        var document = source
        for override in overrides { document = try document.overridden(by: override) }
        // Keys are checked before expansion: a misspelled key is a more likely cause of a missing variable.
        let unexpanded = try YAMLFields(document, known: Self.keys)
        let target = try unexpanded.required("target")
        self.target = try target.text()
        targetPlace = target.place
        secrets = try unexpanded["secrets"]?.environmentNames() ?? []
        optionalSecrets = try unexpanded["optional_secrets"]?.environmentNames() ?? []
        document = try document.expanded(Self.lookup(settings, secrets: Set(secrets + optionalSecrets)))
        let fields = try YAMLFields(document, known: Self.keys)
        self.file = file
        name = try fields.required("name").name()
        image = try fields.required("image").text()
        repository = try fields["repository"]?.text()
        resources =
            fields["resources"]
            ?? YAMLValue(content: .mapping([]), place: document.place, way: .key("resources", in: .root))
        port = try fields["port"]?.port() ?? 8000
        keepAlive = try fields["keep_alive"]?.flag() ?? false
        environment = try fields.read("environment", Self.environment) ?? [:]
        registryLogin = try fields.read("registry_login", RegistryLogin.init)
        registryLogin?.passwordVariable = try unexpanded["registry_login"].flatMap(Self.passwordVariable)
        budgetUSD = try fields["budget_usd"]?.amount()
        if let field = fields["secrets"] { try checkSecrets(field, settings: settings) }
    }

    /// Returns the error of a manifest whose ``target`` is none of the known ones.
    package func unknownTarget(among known: [String]) -> Failure {
        Failure(
            reading: targetPlace, "unknown target '\(target)'\(YAMLFields.suggestion(for: target, among: known))")
    }

    private static func lookup(_ settings: Settings, secrets: Set<String>) -> (String, YAMLValue) throws -> String? {
        { (name, asking) in
            let isSecret = secrets.contains(name) || EnvironmentName.looksSecret(name)
            if isSecret, !asking.path.hasPrefix("registry_login.") {
                throw asking.error(
                    "'\(asking.path)' uses the secret \(name), which may stand in 'registry_login' only; "
                        + "list it in 'secrets' to send it")
            }
            return settings[name]
        }
    }

    private static func environment(_ value: YAMLValue) throws -> [String: String] {
        for entry in try value.entries() {
            if let owner = reserved[entry.key] {
                throw Failure(reading: entry.place, "\(entry.key) in environment is set by caasctl, from \(owner)")
            }
            guard !EnvironmentName.looksSecret(entry.key) else {
                throw Failure(
                    reading: entry.place, "\(entry.key) in environment is by its name a secret; list it in 'secrets'")
            }
        }
        return try value.environment()
    }

    /// Returns the variable that makes up the whole password; a default next to it would be a password in the file.
    private static func passwordVariable(_ login: YAMLValue) throws -> String? {
        let password = try login.entries().first { $0.key == "password" }?.value
        guard case .scalar(let text, _) = password?.content else { return nil }
        return text.wholeMatch(of: #/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/#).map { String($0.1) }
    }

    private func checkSecrets(_ field: YAMLValue, settings: Settings) throws {
        let missing = secrets.filter { settings.secret($0) == nil }
        guard missing.isEmpty else {
            throw field.error(
                "'secrets' lists \(missing.joined(separator: ", ")), which "
                    + "\(missing.count == 1 ? "is" : "are") set neither in the environment nor in --env-file")
        }
    }
}

extension RunManifest.RegistryLogin {
    fileprivate init(_ value: YAMLValue) throws {
        let fields = try YAMLFields(value, known: ["username", "password"])
        username = try fields.required("username").text()
        let field = try fields.required("password")
        // Not `text()`, whose error would contain the value.
        guard case .scalar(let text, _) = field.content, !text.isEmpty else {
            throw field.error("'\(field.path)' is not a text")
        }
        password = Secret(text)
    }
}

extension YAMLValue {
    /// Returns a provider's ID: a number if it is written as one without quotes, otherwise a text.
    package func identifier() throws -> JSONValue {
        let text = try text("an id")
        guard case .scalar(_, isPlain: true) = content, text.wholeMatch(of: #/0|[1-9]\d{0,17}/#) != nil else {
            return .string(text)
        }
        return .number(text)
    }

    fileprivate func port() throws -> Int {
        let port = try whole(atLeast: 1)
        guard port <= 65_535 else { throw mismatch("a port") }
        return port
    }
}
