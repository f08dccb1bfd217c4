import ArgumentParser
import Definitions
import JSON
import OCI
import Registry
import Wording

/// `caasctl registry tags`: lists the tags of a repository.
struct RegistryTags: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tags", abstract: "List the tags of a repository in a registry.",
        discussion: "caasctl registry tags ghcr.io/me/app")

    @Argument(help: "The repository, as in ghcr.io/me/app.")
    var repository: String

    @Flag(help: "Print JSON.") var json = false

    @OptionGroup var connection: RegistryConnectionOptions
    @OptionGroup var login: RegistryLoginOptions
    @OptionGroup var options: SettingsOptions

    func run() async throws {
        let repository = try Reference(repository)
        let client = try connection.client(login.credentials(for: repository.registry, options.settings()))
        let tags = try await client.tags(of: repository)
        guard json else { return tags.forEach { print(VisibleText.line($0)) } }
        let document: JSONValue = ["name": .string(repository.name), "tags": .array(tags.map(JSONValue.string))]
        print(String(decoding: document.prettyEncoded(), as: UTF8.self), terminator: "")
    }
}
