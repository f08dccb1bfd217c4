import ArgumentParser
import Definitions
import ImageStore
import JSON
import OCI
import POSIX
import Registry
import SystemPackage
import Terminal

/// `caasctl push`: pushes an image of the store to its registry.
struct Push: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Push an image that was built here to the registry that its name says.",
        discussion: """
            Prints repository@digest. Beside its own tag the image gets one more, the first 12 digits of its digest, unless \
            --no-digest-tag is said. What the registry has already is not sent again, and layers of a base are taken \
            over from where they are.

            The user is --username, else REGISTRY_USERNAME with REGISTRY_PASSWORD, else who DOCKER_AUTH_CONFIG, \
            podman's auth.json, docker's config.json, the credential helper that they name, or netrc says.
            """)

    @Argument(help: "The name under which the image was built, as in ghcr.io/me/app:1.")
    var reference: String

    @Flag(help: "Print the digest, the tags and what was moved as JSON.")
    var json = false

    @Option(help: ArgumentHelp("How many blobs are sent at once.", valueName: "number"))
    var jobs = 4

    @Option(
        help: ArgumentHelp(
            "Send blobs in requests of this size, as in 64MiB, for proxies that take no longer ones.",
            discussion: "Without it, only what did not get through in one request is sent in several.",
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
