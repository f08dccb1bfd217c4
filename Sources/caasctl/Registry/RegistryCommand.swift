import ArgumentParser

/// `caasctl registry`: what a registry has.
struct RegistryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "registry",
        abstract: "List tags in a registry, and remove tags and images from it.",
        subcommands: [RegistryTags.self, RegistryRemove.self])
}
