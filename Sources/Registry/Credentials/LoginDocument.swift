import Hashing
import JSON
import POSIX
import Secrets

/// Logins in docker's JSON format, from a file or a variable.
///
/// Sources: <https://docs.docker.com/reference/cli/docker/login/> and
/// <https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md>.
struct LoginDocument: Sendable, Hashable {
    private let entries: [String: JSONValue]
    private let helpers: [String: JSONValue]
    private let store: String?
    /// The file's path or the variable's name, for messages.
    let place: String

    /// Parses a document.
    ///
    /// Empty content holds no login: some tools leave an empty file, and docker accepts it too.
    init(parsing content: some Sequence<UInt8>, from place: String) throws(JSONError) {
        let content = Array(content)
        let document: JSONValue = Self.isEmpty(content) ? [:] : try JSONValue(parsing: content)
        guard document.object != nil else { throw JSONError("an object with 'auths' was expected") }
        func members(_ name: String) throws(JSONError) -> [String: JSONValue] {
            guard let value = document[name], !value.isNull else { return [:] }
            guard let members = value.object else { throw JSONError("'\(name)' is no object") }
            return members
        }
        entries = try members("auths")
        helpers = try members("credHelpers")
        store = document["credsStore"]?.string
        self.place = place
    }

    /// Parses the logins of `$DOCKER_AUTH_CONFIG`; returns nil if it is unset or empty.
    ///
    /// Only `auths` counts, since docker does not let the variable configure a helper.
    /// Source: <https://github.com/docker/cli/blob/master/cli/config/configfile/file.go>.
    init?(environment: [String: String]) throws(RegistryError) {
        let name = "DOCKER_AUTH_CONFIG"
        guard let text = environment[name], !text.isEmpty else { return nil }
        let whole: LoginDocument
        do throws(JSONError) { whole = try LoginDocument(parsing: text.utf8, from: name) } catch {
            throw RegistryError(.local, "read \(name)", "\(error.reason); unset it or mend it")
        }
        (entries, helpers, store, place) = (whole.entries, [:], nil, name)
    }

    static func isEmpty(_ content: [UInt8]) -> Bool {
        content.allSatisfy { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
    }

    /// Returns a repository's login: from the registry's credential helper, otherwise from the document's own entries.
    func credential(for registry: String, repository: String) async -> RegistryCredential {
        let written = written(registry, repository)
        guard let helper = helper(for: registry) else { return written }
        let kept = await helper.get()
        // An entry may predate the helper, or another tool may have written it.
        return kept.kind == .none && written.kind != .none ? written : kept
    }

    /// Returns whether the document may hold a login for the registry or for a repository path in it.
    func mayKnow(_ registry: String) -> Bool {
        if helper(for: registry) != nil { return true }
        return entries.contains { key, entry in
            let isWhole = LoginNames.all(of: registry).contains(LoginNames.host(of: key))
            return (isWhole || key.hasPrefix("\(registry)/")) && Self.credential(of: entry, from: place) != nil
        }
    }

    /// Returns the credential helper that is configured for the registry.
    func helper(for registry: String) -> CredentialHelper? {
        let server = registry == "docker.io" ? "https://index.docker.io/v1/" : registry
        let named = ([server] + LoginNames.all(of: registry)).lazy.compactMap { helpers[$0]?.string }.first
        guard let name = named ?? store, !name.isEmpty else { return nil }
        return CredentialHelper(name: name, server: server, configuredIn: place)
    }

    private func written(_ registry: String, _ repository: String) -> RegistryCredential {
        guard let entry = entry(registry, repository) else {
            return .none(because: "\(place) has no entry for \(registry)")
        }
        return Self.credential(of: entry, from: place)
            ?? .none(because: "the entry for \(registry) in \(place) holds no user and password")
    }

    /// Returns the most specific entry: podman also stores logins for repository paths, such as `ghcr.io/me/app`.
    private func entry(_ registry: String, _ repository: String) -> JSONValue? {
        let hosts = LoginNames.all(of: registry)
        var names = repository.split(separator: "/")
        while !names.isEmpty {
            for host in hosts {
                if let entry = entries["\(host)/\(names.joined(separator: "/"))"] { return entry }
            }
            names.removeLast()
        }
        for host in hosts {
            if let exact = entries[host] { return exact }
        }
        // Sorted, so that the choice between several spellings of one host is deterministic.
        return entries.sorted { $0.key < $1.key }.first { hosts.contains(LoginNames.host(of: $0.key)) }?.value
    }

    private static func credential(of entry: JSONValue, from place: String) -> RegistryCredential? {
        let login = login(of: entry)
        if let token = entry["identitytoken"]?.string, !token.isEmpty {
            return .identityToken(user: login?.user ?? "", Secret(token), from: place)
        }
        return login.map { .password(user: $0.user, Secret($0.password), from: place) }
    }

    /// Returns user and password: `auth` is the base64 of `user:password`, and the password may contain a colon.
    private static func login(of entry: JSONValue) -> (user: String, password: String)? {
        if let auth = entry["auth"]?.string, let bytes = decoded(auth),
            let colon = bytes.firstIndex(of: UInt8(ascii: ":"))
        {
            // docker once padded passwords with NUL bytes, and still strips them.
            let isPadding: (UInt8) -> Bool = { $0 == 0 }
            let password = bytes[(colon + 1)...].drop(while: isPadding).reversed().drop(while: isPadding).reversed()
            return (String(decoding: bytes[..<colon], as: UTF8.self), String(decoding: password, as: UTF8.self))
        }
        guard let user = entry["username"]?.string, let password = entry["password"]?.string else { return nil }
        return (user, password)
    }

    /// Decodes base64 that may have line breaks, as `base64` writes it; docker and podman skip them too.
    ///
    /// Source: <https://pkg.go.dev/encoding/base64>.
    private static func decoded(_ auth: String) -> [UInt8]? {
        [UInt8](base64: String(decoding: auth.utf8.filter { $0 != 0x0A && $0 != 0x0D }, as: UTF8.self))
    }
}
