import ArgumentParser
import ByteText
import Definitions
import OCI
import POSIX
import Registry

/// `caasctl registry rm`: deletes a tag or an image in a registry.
struct RegistryRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Remove a tag from a registry, or an image by digest with all its tags.",
        discussion: """
            Asks first, because a removal cannot be undone. The registry's garbage collection frees the disk space \
            later.

            caasctl registry rm ghcr.io/me/app:1
            caasctl registry rm ghcr.io/me/app@sha256:… --yes
            """)

    @Argument(help: "The image with a tag or a digest, as in ghcr.io/me/app:1.")
    var reference: String

    @Flag(help: "Do not ask for confirmation.") var yes = false

    @OptionGroup var connection: RegistryConnectionOptions
    @OptionGroup var login: RegistryLoginOptions
    @OptionGroup var options: SettingsOptions

    func validate() throws {
        let last = reference.split(byte: "/").last ?? ""
        guard last.contains(byte: ":") || last.contains(byte: "@") else {
            throw ValidationError("name a tag or a digest of \(reference): nothing is removed by mere guess")
        }
    }

    func run() async throws {
        let reference = try Reference(reference)
        try confirm(reference)
        let client = try connection.client(login.credentials(for: reference.registry, options.settings()))
        try await client.delete(reference)
        StandardError.print("deleted \(reference)")
    }

    private func confirm(_ reference: Reference) throws {
        let what = reference.digest == nil ? "the tag" : "the image, with every tag that leads to it,"
        if let refusal = Confirmation.refusal(of: "Remove \(what) \(reference)", yes: yes) {
            throw RegistryError(.refused, "delete \(reference)", refusal)
        }
    }
}
