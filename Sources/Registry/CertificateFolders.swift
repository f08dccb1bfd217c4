package import HTTP
import POSIX
import Synchronization
package import SystemPackage

/// The certificates that docker's and podman's users keep for single registries, in a folder of the registry's name.
///
/// Every `.crt` in it is an authority to trust; a `.cert` beside a `.key` of the same name is a client's certificate.
/// Source: <https://docs.docker.com/engine/security/certificates/>.
package final class CertificateFolders: Sendable {
    private let parents: [FilePath]
    private let known = Mutex<[String: HTTPCertificates?]>([:])

    /// The folders of registries below these, the first that has one.
    package init(_ parents: [FilePath]) { self.parents = parents }

    /// Those that podman and docker look at.
    package static func standard(environment: [String: String] = ProcessEnvironment.all()) -> CertificateFolders {
        func folder(_ name: String) -> FilePath? {
            environment[name].flatMap { $0.isEmpty ? nil : FilePath($0) }
        }
        let own = folder("XDG_CONFIG_HOME") ?? folder("HOME")?.appending(".config")
        let parents = [own?.appending("containers/certs.d"), "/etc/containers/certs.d", "/etc/docker/certs.d"]
        return CertificateFolders(parents.compactMap(\.self))
    }

    /// What is kept for a host; read once.
    ///
    /// `otherwise` is what holds for whatever the folder lacks.
    package func certificates(for url: HTTPURL, otherwise: HTTPCertificates) -> HTTPCertificates? {
        // Folders are named as references name the registry: Docker Hub's is docker.io.
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
            // What was named for all registries is trusted here too.
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
