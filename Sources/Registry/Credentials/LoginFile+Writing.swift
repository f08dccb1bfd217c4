import Hashing
import JSON
import POSIX
import Secrets
import SystemPackage

/// What `caasctl login` and `caasctl logout` change; everything else in the file stays as it is.
extension LoginFile {
    /// Writes the login into the file itself, readable by its owner alone.
    func keep(user: String, _ password: Secret, for registry: String) throws(RegistryError) {
        var document = try existingDocument()
        var entries = document["auths"]?.object ?? [:]
        for name in entries.keys where Self.names(of: registry).contains(Self.host(of: name)) { entries[name] = nil }
        let auth = Array("\(user):\(password.unredacted)".utf8).base64
        entries[Self.names(of: registry)[0]] = ["auth": .string(auth)]
        document["auths"] = .object(entries)
        try write(document)
    }

    /// Removes every entry of the registry; false where there was none.
    func remove(_ registry: String) throws(RegistryError) -> Bool {
        var document = try existingDocument()
        var entries = document["auths"]?.object ?? [:]
        let names = Self.names(of: registry)
        let gone = entries.keys.filter { names.contains($0) || names.contains(Self.host(of: $0)) }
        guard !gone.isEmpty else { return false }
        for name in gone { entries[name] = nil }
        document["auths"] = .object(entries)
        try write(document)
        return true
    }

    /// The file's content, empty where there is no file yet.
    func existingDocument() throws(RegistryError) -> JSONValue { FileSystem.exists(path) ? try document() : [:] }

    private func write(_ document: JSONValue) throws(RegistryError) {
        do throws(POSIXError) {
            try FileSystem.makeFolder(path.removingLastComponent(), mode: 0o700)
            try FileSystem.write(document.prettyEncoded(), to: path, mode: 0o600, sync: true)
        } catch { throw RegistryError(.local, error.description) }
    }
}
