import CLinux
import POSIX
package import SystemPackage

/// Debian's docker-registry on loopback, with a folder of its own that outlives a restart.
package final class DockerRegistry: Sendable {
    /// How it knows its users.
    package enum Access: Sendable {
        /// Everybody may do everything.
        case open
        /// One user with a password, asked for by Basic.
        case user(String, password: String)
        /// Tokens of a server, signed with the key of this certificate.
        case tokens(realm: String, service: String, issuer: String, certificate: FilePath)
    }

    /// How it is reached.
    package struct Listening: Sendable {
        /// The address, an IPv6 one in brackets.
        package var address = "127.0.0.1"
        /// The certificate that it shows; nil for plain HTTP.
        package var certificate: CertificateAuthority.Issued?
        /// Where it takes only clients with a certificate of this authority.
        package var clientAuthority: FilePath?

        /// Plain HTTP on 127.0.0.1, unless said otherwise.
        package init(
            _ address: String = "127.0.0.1", certificate: CertificateAuthority.Issued? = nil,
            clientAuthority: FilePath? = nil
        ) {
            self.address = address
            self.certificate = certificate
            self.clientAuthority = clientAuthority
        }
    }

    /// The port.
    package let port: Int
    private let address: String
    private let folder: TemporaryFolder
    private let program: RunningProgram

    /// Starts a registry; with `reusing` it continues where that one ended, on the same port and with the same images.
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

    /// Host and port, as references name it.
    package var host: String { "\(address):\(port)" }
    /// What it logged, a line for each request.
    package var log: String { program.printed }
    /// Ends it at once, as a power cut would.
    package func kill() { program.signal(SIGKILL) }
    /// Stops answering until ``resume()``.
    package func pause() { program.pause() }
    /// Goes on.
    package func resume() { program.signal(SIGCONT) }
    /// The folder with its images.
    package var images: FilePath { folder("images") }

    /// It says where it listens once it does.
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
