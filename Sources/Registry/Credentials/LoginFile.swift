import JSON
import POSIX
import SystemPackage

/// A file of logins in docker's form: docker's own config.json, or podman's auth.json.
struct LoginFile: Sendable, Hashable {
    let path: FilePath

    /// The login of a repository.
    func credential(for registry: String, repository: String) async throws(RegistryError) -> RegistryCredential {
        guard let document = try document() else { return .none(because: "\(path) does not exist") }
        return await document.credential(for: registry, repository: repository)
    }

    /// The program that keeps the registry's login, where the file names one.
    func helper(for registry: String) throws(RegistryError) -> CredentialHelper? {
        try document()?.helper(for: registry)
    }

    /// What the file says, nil where it does not exist.
    func document() throws(RegistryError) -> LoginDocument? {
        guard let content = try content() else { return nil }
        do throws(JSONError) { return try LoginDocument(parsing: content, from: "\(path)") } catch {
            throw RegistryError(.local, "read \(path)", error.reason)
        }
    }

    /// The file's bytes, nil where it does not exist; what cannot be looked at is an error.
    func content() throws(RegistryError) -> [UInt8]? {
        do throws(POSIXError) {
            guard try FileSystem.status(behind: path) != nil else { return nil }
            return try FileSystem.read(path, limit: 4 << 20)
        } catch { throw RegistryError(.local, "read \(path)", "\(error.errno)") }
    }
}
