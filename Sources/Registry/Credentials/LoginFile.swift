import Hashing
import JSON
import POSIX
import Secrets
import SystemPackage

/// A file of logins in docker's form: docker's own config.json, or podman's auth.json.
///
/// Sources: <https://docs.docker.com/reference/cli/docker/login/> and
/// <https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md>.
struct LoginFile: Sendable, Hashable {
    let path: FilePath

    /// The login of a repository: what the helper for its registry knows, else what stands in the file.
    func credential(for registry: String, repository: String) async throws(RegistryError) -> RegistryCredential {
        guard FileSystem.exists(path) else { return .none(because: "\(path) does not exist") }
        let document = try document()
        let written = written(registry, repository, document)
        guard let helper = helper(for: registry, in: document) else { return written }
        let kept = await helper.get()
        // Logins from before the helper was configured, or that another tool wrote, may stand in the file.
        return kept.kind == .none && written.kind != .none ? written : kept
    }

    private func written(_ registry: String, _ repository: String, _ document: JSONValue) -> RegistryCredential {
        guard let entry = login(registry, repository, document["auths"]?.object ?? [:]) else {
            return .none(because: "\(path) has no entry for \(registry)")
        }
        if let token = entry["identitytoken"]?.string, !token.isEmpty {
            return .identityToken(user: Self.login(of: entry)?.user ?? "", Secret(token), from: "\(path)")
        }
        guard let login = Self.login(of: entry) else {
            return .none(because: "the entry for \(registry) in \(path) holds no user and password")
        }
        return .password(user: login.user, Secret(login.password), from: "\(path)")
    }

    /// The program that keeps the registry's login, where one is configured.
    func helper(for registry: String, in document: JSONValue) -> CredentialHelper? {
        let server = registry == "docker.io" ? "https://index.docker.io/v1/" : registry
        let helpers = document["credHelpers"]?.object ?? [:]
        let named = ([server] + Self.names(of: registry)).lazy.compactMap { helpers[$0]?.string }.first
        guard let name = named ?? document["credsStore"]?.string, !name.isEmpty else { return nil }
        return CredentialHelper(name: name, server: server, configuredIn: path)
    }

    func document() throws(RegistryError) -> JSONValue {
        let content: [UInt8]
        do throws(POSIXError) { content = try FileSystem.read(path, limit: 4 << 20) } catch {
            throw RegistryError(.local, "read \(path)", "\(error.errno)")
        }
        do throws(JSONError) { return try JSONValue(parsing: content) } catch {
            throw RegistryError(.local, "read \(path)", error.reason)
        }
    }

    /// Docker Hub's entry has the address of an API that is long gone.
    static func names(of registry: String) -> [String] {
        registry == "docker.io"
            ? ["https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io"] : [registry]
    }

    /// The most specific entry: podman also keeps logins of parts of a registry, as in `ghcr.io/me/app`.
    private func login(_ registry: String, _ repository: String, _ entries: [String: JSONValue]) -> JSONValue? {
        var names = repository.split(separator: "/")
        while !names.isEmpty {
            if let entry = entries["\(registry)/\(names.joined(separator: "/"))"] { return entry }
            names.removeLast()
        }
        let hosts = Self.names(of: registry)
        for host in hosts {
            if let exact = entries[host] { return exact }
        }
        // Sorted, so that of several spellings of one host the same one is taken every time.
        return entries.sorted { $0.key < $1.key }.first { hosts.contains(Self.host(of: $0.key)) }?.value
    }

    /// The host of a key such as `https://ghcr.io/v2/`; a key with another path is somebody else's.
    static func host(of key: String) -> String {
        var rest = key[...]
        for scheme in ["https://", "http://"] where rest.hasPrefix(scheme) { rest = rest.dropFirst(scheme.count) }
        for end in ["/v1/", "/v2/", "/v1", "/v2", "/"] where rest.hasSuffix(end) {
            rest = rest.dropLast(end.count)
            break
        }
        return String(rest)
    }

    /// User and password: `auth` is the base64 of `user:password`, and the password may hold a colon.
    private static func login(of entry: JSONValue) -> (user: String, password: String)? {
        if let auth = entry["auth"]?.string, !auth.isEmpty, let bytes = [UInt8](base64: auth),
            let colon = bytes.firstIndex(of: UInt8(ascii: ":"))
        {
            let password = bytes[(colon + 1)...].filter { $0 != 0 }
            return (String(decoding: bytes[..<colon], as: UTF8.self), String(decoding: password, as: UTF8.self))
        }
        guard let user = entry["username"]?.string, let password = entry["password"]?.string else { return nil }
        return (user, password)
    }
}
