package import HTTP
import POSIX
import Synchronization
package import SystemPackage

/// The certificates for single registries that docker and podman read from folders named after the registry.
///
/// Every `.crt` file in such a folder is a trusted authority. A `.cert` file with a `.key` file of the same name is a
/// client certificate. Source: <https://docs.docker.com/engine/security/certificates/>.
package final class CertificateFolders: Sendable {
    private let parents: [FilePath]
    private let known = Mutex<[String: HTTPCertificates?]>([:])

    /// Creates a lookup in these parent folders; the first that has a folder for the registry is used.
    package init(_ parents: [FilePath]) { self.parents = parents }

    /// The parent folders that podman and docker use.
    package static func standard(environment: [String: String] = ProcessEnvironment.all()) -> CertificateFolders {
        func folder(_ name: String) -> FilePath? {
            environment[name].flatMap { $0.isEmpty ? nil : FilePath($0) }
        }
        let own = folder("XDG_CONFIG_HOME") ?? folder("HOME")?.appending(".config")
        let parents = [own?.appending("containers/certs.d"), "/etc/containers/certs.d", "/etc/docker/certs.d"]
        return CertificateFolders(parents.compactMap(\.self))
    }

    /// Returns the certificates for a URL's host, or nil where no folder exists; each folder is read once.
    ///
    /// `otherwise` supplies the settings that the folder does not replace.
    package func certificates(for url: HTTPURL, otherwise: HTTPCertificates) -> HTTPCertificates? {
        // Folders carry the registry's name as in references: docker.io for Docker Hub.
        let name = url.authority == "registry-1.docker.io" ? "docker.io" : url.authority
        return known.withLock { known in
            if let found = known[name] { return found }
            let found = parents.lazy.compactMap { Self.read($0.appending(name), otherwise) }.first
            known[name] = .some(found)
            return found
        }
    }

    private static func read(_ folder: FilePath, _ otherwise: HTTPCertificates) -> HTTPCertificates? {
        guard let names = try? FileSystem.names(in: folder).map(\.string).sorted() else { return nil }
        var certificates = otherwise
        var authorities: [UInt8] = []
        for name in names where name.hasSuffix(".crt") {
            guard let content = try? FileSystem.read(folder.appending(name), limit: 4 << 20) else { continue }
            authorities += content + [UInt8(ascii: "\n")]
        }
        if !authorities.isEmpty {
            // The authorities that apply to all registries are trusted here too.
            let named = otherwise.authorities.flatMap { try? FileSystem.read($0, limit: 4 << 20) }
            certificates.authorityBytes = authorities + (named ?? [])
        }
        let key = names.first { $0.hasSuffix(".key") && names.contains("\($0.dropLast(4)).cert") }
        if let key {
            certificates.client = folder.appending("\(key.dropLast(4)).cert")
            certificates.clientKey = folder.appending(key)
        }
        return certificates
    }
}
