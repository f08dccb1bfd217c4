import ArgumentParser

/// The options of commands that rent a machine.
struct StartOptions: ParsableArguments {
    @Flag(help: "Ask only for what there is and what it costs, and print the request.")
    var dryRun = false

    @Option(
        help: ArgumentHelp("With --dry-run: write the request with its secrets here, mode 0600.", valueName: "file"),
        transform: OutputFile.init)
    var output: OutputFile?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Change one field of the manifest, by its dotted path.", valueName: "key=value"))
    var overrides: [String] = []

    @Flag(help: "Pay without being asked.")
    var yes = false

    @Flag(help: "Return as soon as io.net took the request.")
    var detach = false

    @OptionGroup var connection: RegistryConnectionOptions

    func validate() throws {
        guard output == nil || dryRun else { throw ValidationError("--output needs --dry-run") }
    }
}
