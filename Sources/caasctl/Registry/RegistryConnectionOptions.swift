import ArgumentParser
import HTTP
import POSIX
import Registry
import SystemPackage
import Wording

/// TLS and plain HTTP options, for every command that talks to a registry.
struct RegistryConnectionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The CA certificates to trust, in PEM format, for private registries.",
            discussion: "Default: SSL_CERT_FILE, else the system's certificates. For a single registry, the files in "
                + "docker's or podman's certs.d/HOST/ apply too.", valueName: "file"))
    var caFile: String?

    @Option(
        help: ArgumentHelp("The client certificate for registries that require one, in PEM format.", valueName: "file"))
    var clientCert: String?

    @Option(
        help: ArgumentHelp("The private key of --client-cert, if that file does not contain it.", valueName: "file"))
    var clientKey: String?

    @Flag(
        inversion: .prefixedNo,
        help: ArgumentHelp(
            "Connect to registries by plain HTTP, without the protection of TLS.",
            discussion: "Default: plain HTTP only for registries on this machine."))
    var plainHttp: Bool?

    func validate() throws {
        guard clientKey == nil || clientCert != nil else {
            throw ValidationError("--client-key is the key of --client-cert, which is missing")
        }
        for (name, file) in [("ca-file", caFile), ("client-cert", clientCert), ("client-key", clientKey)] {
            guard let file, !FileSystem.exists(FilePath(file)) else { continue }
            throw ValidationError("--\(name) \(file): there is no such file")
        }
    }

    /// Returns a registry client with these options.
    ///
    /// It also goes through the proxies of the environment, as libcurl reads them:
    /// <https://everything.curl.dev/usingcurl/proxies/env.html>.
    func client(
        _ credentials: RegistryCredentials = .standard(), jobs: Int = 4, chunkSize: ByteCount? = nil
    ) throws -> RegistryClient {
        RegistryClient(
            credentials: credentials, http: HTTPClient(configuration), parallelism: jobs, chunkSize: chunkSize?.bytes,
            mirrors: try .standard(), plainHTTP: plainHttp.map { $0 ? .everywhere : .nowhere } ?? .onThisMachine,
            notice: { StandardError.print($0) })
    }

    private var configuration: HTTPClient.Configuration {
        var certificates = HTTPCertificates()
        let environment = ProcessEnvironment.all()
        // curl, git, Python and Go read SSL_CERT_FILE too; companies set it where their own authority signs everything.
        let said = caFile ?? environment["SSL_CERT_FILE"].flatMap { $0.isEmpty ? nil : $0 }
        certificates.authorities = said.map { FilePath($0) }
        certificates.client = clientCert.map { FilePath($0) }
        certificates.clientKey = clientKey.map { FilePath($0) }
        var configuration = HTTPClient.Configuration()
        configuration.certificates = certificates
        configuration.allowsPlainHTTP = plainHttp == true
        let folders = CertificateFolders.standard(environment: environment)
        configuration.hostCertificates = { [certificates] in folders.certificates(for: $0, otherwise: certificates) }
        return configuration
    }
}
