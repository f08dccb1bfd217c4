import CLinux
import POSIX
package import SystemPackage

/// Debian's docker-registry on loopback; its folder survives a restart.
package final class DockerRegistry: Sendable {
    /// How the registry authenticates its users.
    package enum Access: Sendable {
        /// Anonymous access with all rights.
        case open
        /// Basic authentication with one user.
        case user(String, password: String)
        /// Bearer tokens of a token server, signed with the key of this certificate.
        case tokens(realm: String, service: String, issuer: String, certificate: FilePath)
    }

    /// The address and the TLS settings.
    package struct Listening: Sendable {
        /// The IP address; an IPv6 address is in brackets.
        package var address = "127.0.0.1"
        /// The server's certificate; nil for plain HTTP.
        package var certificate: CertificateAuthority.Issued?
        /// The authority of client certificates; nil where clients need none.
        package var clientAuthority: FilePath?

        /// Plain HTTP on 127.0.0.1 by default.
        package init(
            _ address: String = "127.0.0.1", certificate: CertificateAuthority.Issued? = nil,
            clientAuthority: FilePath? = nil
        ) {
            self.address = address
            self.certificate = certificate
            self.clientAuthority = clientAuthority
        }
    }

    package let port: Int
    private let address: String
    private let folder: TemporaryFolder
    private let program: RunningProgram

    /// Starts a registry; with `reusing` it takes over the other registry's port and images.
    package init(
        _ access: Access = .open, listening: Listening = Listening(), reusing other: DockerRegistry? = nil
    ) async throws {
        let folder = try other?.folder ?? TemporaryFolder()
        let authentication = try await Self.authentication(access, folder)
        let configuration = """
            version: 0.1
            log: {level: info}
            storage: {filesystem: {rootdirectory: \(folder("images"))}, delete: {enabled: true}}
            http: {addr: "\(listening.address):\(other?.port ?? 0)", secret: tests\(Self.tls(listening))}
            \(authentication)
            """
        let file = try folder.write("config.yml", configuration)
        let log = folder("log.\(UInt32.random(in: 0 ... .max))")
        let program = try RunningProgram("docker-registry", ["serve", file.string], log: log)
        let port = try await eventually(every: 0.05) { try Self.port(in: program) }
        guard let port else { throw RunningProgram.Failure(description: "docker-registry: \(program.printed)") }
        self.folder = folder
        self.program = program
        self.port = port
        address = listening.address
    }

    /// The host and port, as in references.
    package var host: String { "\(address):\(port)" }
    /// The log, with a line for each request.
    package var log: String { program.printed }
    /// Ends the registry with SIGKILL, as a power failure would.
    package func kill() { program.signal(SIGKILL) }
    /// Stops the process until ``resume()``.
    package func pause() { program.pause() }
    /// Continues after ``pause()``.
    package func resume() { program.signal(SIGCONT) }
    /// The folder of its images.
    package var images: FilePath { folder("images") }

    /// Returns the port from the log, nil until the registry listens.
    private static func port(in program: RunningProgram) throws -> Int? {
        let printed = program.printed
        if program.status != nil { throw RunningProgram.Failure(description: "docker-registry: \(printed)") }
        return printed.firstMatch(of: #/listening on [0-9.:\[\]]*:(\d+)/#).flatMap { Int($0.1) }
    }

    private static func tls(_ listening: Listening) -> String {
        guard let certificate = listening.certificate else { return "" }
        let clients = listening.clientAuthority.map { ", clientcas: [\($0)]" } ?? ""
        return ", tls: {certificate: \(certificate.certificate), key: \(certificate.key)\(clients)}"
    }

    private static func authentication(_ access: Access, _ folder: TemporaryFolder) async throws -> String {
        switch access {
        case .open: return ""
        case .user(let name, let password):
            let line = try await Command("htpasswd", ["-niB", name]).succeed(input: password)
            let file = try folder.write("htpasswd", line)
            return "auth: {htpasswd: {realm: tests, path: \(file)}}"
        case .tokens(let realm, let service, let issuer, let certificate):
            return """
                auth: {token: {realm: "\(realm)", service: "\(service)", issuer: "\(issuer)", \
                rootcertbundle: \(certificate)}}
                """
        }
    }
}
