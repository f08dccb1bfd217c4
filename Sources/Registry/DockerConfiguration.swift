import Hashing
import JSON
import POSIX
import Secrets
import SystemPackage

/// The file that `docker login` writes. <https://docs.docker.com/reference/cli/docker/login/>
enum DockerConfiguration {
    static func credential(for registry: String, in file: FilePath) throws(RegistryError) -> RegistryCredential {
        guard FileSystem.exists(file) else { return .none(because: "\(file) does not exist") }
        let document = try read(file)
        guard let entry = entry(for: registry, in: document) else {
            return .none(because: absence(registry, document, file))
        }
        if let token = entry["identitytoken"]?.string, !token.isEmpty {
            return .identityToken(user: login(of: entry)?.user ?? "", Secret(token), from: "\(file)")
        }
        guard let login = login(of: entry) else {
            return .none(because: "the entry for \(registry) in \(file) holds no user and password")
        }
        return .password(user: login.user, Secret(login.password), from: "\(file)")
    }

    private static func read(_ file: FilePath) throws(RegistryError) -> JSONValue {
        let content: [UInt8]
        do throws(POSIXError) { content = try FileSystem.read(file, limit: 4 << 20) } catch {
            throw RegistryError(.local, "read \(file)", "\(error.errno)")
        }
        do throws(JSONError) { return try JSONValue(parsing: content) } catch {
            throw RegistryError(.local, "read \(file)", error.reason)
        }
    }

    private static func entry(for registry: String, in document: JSONValue) -> JSONValue? {
        guard let entries = document["auths"]?.object else { return nil }
        // Docker Hub's entry has the address of an API that is long gone.
        let names =
            registry == "docker.io"
            ? ["https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io"] : [registry]
        for name in names {
            if let exact = entries[name] { return exact }
        }
        // Sorted, so that of several spellings of one host the same one is taken every time.
        return entries.sorted { $0.key < $1.key }.first { names.contains(host(of: $0.key)) }?.value
    }

    /// The host of a key such as `https://ghcr.io/v2/`; a key with another path is somebody else's.
    private static func host(of key: String) -> String {
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

    private static func absence(_ registry: String, _ document: JSONValue, _ file: FilePath) -> String {
        let helper = document["credHelpers"]?[registry]?.string ?? document["credsStore"]?.string
        let reason = "\(file) has no entry for \(registry)"
        guard let helper else { return reason }
        return
            "\(reason), and the credential helper '\(helper)' that it names is not supported yet; give registry_login"
    }
}
