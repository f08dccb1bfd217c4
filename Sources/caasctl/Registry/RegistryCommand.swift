import ArgumentParser

/// `caasctl registry`: what a registry has.
struct RegistryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "registry",
        abstract: "List a repository's tags, and remove tags and images from a registry.",
        subcommands: [RegistryTags.self, RegistryRemove.self])
}
