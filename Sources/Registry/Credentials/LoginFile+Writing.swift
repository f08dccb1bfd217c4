import Hashing
import JSON
import POSIX
import Secrets
import SystemPackage

/// What `caasctl login` and `caasctl logout` change; everything else in the file stays as it is.
extension LoginFile {
    /// Writes the login into the file itself; a new file can be read by its owner alone.
    func keep(user: String, _ password: Secret, for registry: String) throws(RegistryError) {
        let names = LoginNames.all(of: registry)
        let auth = Array("\(user):\(password.unredacted)".utf8).base64
        _ = try change { entries in
            for name in entries.names where name != names[0] && names.contains(LoginNames.host(of: name)) {
                entries.remove(name)
            }
            entries.set(names[0], to: ["auth": .string(auth)])
            return true
        }
    }

    /// Removes every entry of the registry; false where there was none.
    func remove(_ registry: String) throws(RegistryError) -> Bool {
        let names = LoginNames.all(of: registry)
        return try change { entries in
            let gone = entries.names.filter { names.contains($0) || names.contains(LoginNames.host(of: $0)) }
            for name in gone { entries.remove(name) }
            return !gone.isEmpty
        }
    }

    /// Permission bits by which others than the owner may read the file.
    func readersBesideOwner() throws(RegistryError) -> UInt32 {
        do throws(POSIXError) { return try FileStatus(path, followingLinks: true).mode & 0o044 } catch {
            throw RegistryError(.local, error.description)
        }
    }

    /// Changes the entries, and writes the file where something changed.
    private func change(_ change: (inout JSONMembers) -> Bool) throws(RegistryError) -> Bool {
        let content = try content() ?? []
        let written: [UInt8]
        do throws(JSONError) {
            // What cannot be read as logins is not ours to change.
            _ = try LoginDocument(parsing: content, from: "\(path)")
            var document = LoginDocument.isEmpty(content) ? JSONMembers() : try JSONMembers(parsing: content)
            var entries = try document.members(of: "auths")
            guard change(&entries) else { return false }
            document.set("auths", to: entries)
            written = document.encoded()
        } catch { throw RegistryError(.local, "read \(path)", error.reason) }
        do throws(POSIXError) {
            let folder = try FileSystem.followed(path).removingLastComponent()
            // A bare name is in the folder that we are in.
            if !folder.isEmpty { try FileSystem.makeFolder(folder, mode: 0o700) }
            try FileSystem.rewrite(path, with: written, mode: 0o600, sync: true)
        } catch { throw RegistryError(.local, error.description) }
        return true
    }
}
