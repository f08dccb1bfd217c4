import Hashing
import JSON
import POSIX
import Secrets
import SystemPackage

/// The changes of `caasctl login` and `caasctl logout`; everything else in the file stays as it is.
extension LoginFile {
    /// Writes the login into the file; a new file gets mode 0600.
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

    /// Removes every entry of the registry; returns false if there was none.
    func remove(_ registry: String) throws(RegistryError) -> Bool {
        let names = LoginNames.all(of: registry)
        return try change { entries in
            let gone = entries.names.filter { names.contains($0) || names.contains(LoginNames.host(of: $0)) }
            for name in gone { entries.remove(name) }
            return !gone.isEmpty
        }
    }

    /// Returns the mode bits that let the group or others read the file.
    func readersBesideOwner() throws(RegistryError) -> UInt32 {
        do throws(POSIXError) { return try FileStatus(path, followingLinks: true).mode & 0o044 } catch {
            throw RegistryError(.local, error.description)
        }
    }

    /// Applies a change to the entries, and writes the file if `change` returns true.
    private func change(_ change: (inout JSONMembers) -> Bool) throws(RegistryError) -> Bool {
        let content = try content() ?? []
        let written: [UInt8]
        do throws(JSONError) {
            // A file that does not parse as a login document is not changed.
            _ = try LoginDocument(parsing: content, from: "\(path)")
            var document = LoginDocument.isEmpty(content) ? JSONMembers() : try JSONMembers(parsing: content)
            var entries = try document.members(of: "auths")
            guard change(&entries) else { return false }
            document.set("auths", to: entries)
            written = document.encoded()
        } catch { throw RegistryError(.local, "read \(path)", error.reason) }
        do throws(POSIXError) {
            let folder = try FileSystem.followed(path).removingLastComponent()
            // A path of one component is relative to the current folder, which exists.
            if !folder.isEmpty { try FileSystem.makeFolder(folder, mode: 0o700) }
            try FileSystem.rewrite(path, with: written, mode: 0o600, sync: true)
        } catch { throw RegistryError(.local, error.description) }
        return true
    }
}
