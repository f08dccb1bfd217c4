import ArgumentParser
import Definitions
import ImageStore
import JSON
import OCI
import POSIX
import Registry
import SystemPackage

/// `caasctl push`: brings an image of the store to its registry.
struct Push: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Push an image that was built here to the registry that its name says.",
        discussion: """
            Prints repository@digest. What the registry has already is not sent again, and layers of a base are taken \
            over from where they are.

            The user is --username, else REGISTRY_USERNAME with REGISTRY_PASSWORD, else who docker's config.json, \
            podman's auth.json, the credential helper that they name, or netrc says.
            """)

    @Argument(help: "The name under which the image was built, as in ghcr.io/me/app:1.")
    var reference: String

    @Flag(help: "Print the digest, the tags and what was moved as JSON.")
    var json = false

    @OptionGroup var login: RegistryLoginOptions
    @OptionGroup var options: SettingsOptions

    func run() async throws {
        let reference = try Reference(reference)
        let settings = try options.settings()
        let store = try ImageStore(at: HomeFolder.path().appending("store"))
        let result = try await ImagePush(store: store, settings: settings, login: login).push(reference)
        print(
            json ? String(decoding: result.json.prettyEncoded(), as: UTF8.self) : "\(result)",
            terminator: json ? "" : "\n")
    }
}
