import JSON
import POSIX
import SystemPackage

/// A file of logins in docker's format: docker's config.json or podman's auth.json.
struct LoginFile: Sendable, Hashable {
    let path: FilePath

    func credential(for registry: String, repository: String) async throws(RegistryError) -> RegistryCredential {
        guard let document = try document() else { return .none(because: "\(path) does not exist") }
        return await document.credential(for: registry, repository: repository)
    }

    /// Returns the credential helper that the file configures for the registry.
    func helper(for registry: String) throws(RegistryError) -> CredentialHelper? {
        try document()?.helper(for: registry)
    }

    /// Returns the parsed file, or nil if it does not exist.
    func document() throws(RegistryError) -> LoginDocument? {
        guard let content = try content() else { return nil }
        do throws(JSONError) { return try LoginDocument(parsing: content, from: "\(path)") } catch {
            throw RegistryError(.local, "read \(path)", error.reason)
        }
    }

    /// Returns the file's bytes, or nil if it does not exist; throws if it cannot be read.
    func content() throws(RegistryError) -> [UInt8]? {
        do throws(POSIXError) {
            guard try FileSystem.status(behind: path) != nil else { return nil }
            return try FileSystem.read(path, limit: 4 << 20)
        } catch { throw RegistryError(.local, "read \(path)", "\(error.errno)") }
    }
}
