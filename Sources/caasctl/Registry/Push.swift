import ArgumentParser
import Definitions
import ImageStore
import JSON
import OCI
import POSIX
import Registry
import SystemPackage
import Wording

/// `caasctl push`: pushes an image of the store to its registry.
struct Push: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Push a locally built image to the registry in its name.",
        discussion: """
            Prints repository@digest. The image gets its own tag and a second tag, the first 12 digits of its digest; \
            --no-digest-tag omits the second one. Blobs that the registry already has are not sent again, and layers \
            of a base image are mounted or copied from the base's repository.

            The login is --username with --password-stdin, else REGISTRY_USERNAME with REGISTRY_PASSWORD, else the one \
            in DOCKER_AUTH_CONFIG, podman's auth.json, docker's config.json, the credential helper that these files \
            name, or netrc.
            """)

    @Argument(help: "The image's name from the build, as in ghcr.io/me/app:1.")
    var reference: String

    @Flag(help: "Print the digest, the tags and the transferred blobs as JSON.")
    var json = false

    @Option(help: ArgumentHelp("Number of blobs to send in parallel, 1 to 64.", valueName: "number"))
    var jobs = 4

    @Option(
        help: ArgumentHelp(
            "Send blobs in requests of this size, as in 64MiB, for proxies with a size limit; at least 1KiB.",
            discussion: "Default: one request per blob, and several only after that request failed.",
            valueName: "size"))
    var chunkSize: ByteCount?

    @OptionGroup var digestTag: DigestTagOptions
    @OptionGroup var login: RegistryLoginOptions
    @OptionGroup var connection: RegistryConnectionOptions
    @OptionGroup var options: SettingsOptions

    func validate() throws {
        guard (1...64).contains(jobs) else { throw ValidationError("--jobs must be from 1 to 64") }
        guard chunkSize.map({ $0.bytes >= 1024 }) ?? true else {
            throw ValidationError("--chunk-size must be at least 1KiB")
        }
    }

    func run() async throws {
        let reference = try Reference(reference)
        let settings = try options.settings()
        let store = try ImageStore(at: HomeFolder.open().appending("store"))
        let push = ImagePush(
            store: store, settings: settings, login: login, connection: connection, jobs: jobs, chunkSize: chunkSize,
            digestTag: digestTag)
        let result = try await push.push(reference)
        print(
            json ? String(decoding: result.json.prettyEncoded(), as: UTF8.self) : "\(result)",
            terminator: json ? "" : "\n")
    }
}
