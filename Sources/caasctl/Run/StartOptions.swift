import ArgumentParser

/// The options of commands that rent a machine.
struct StartOptions: ParsableArguments {
    @Flag(help: "Only check the available machines and the price, and print the request.")
    var dryRun = false

    @Option(
        help: ArgumentHelp("With --dry-run: write the request with its secrets here, mode 0600.", valueName: "file"),
        transform: OutputFile.init)
    var output: OutputFile?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Set one field of the manifest by its dotted path; repeatable.", valueName: "key=value"))
    var overrides: [String] = []

    @Flag(help: "Pay without asking for confirmation.")
    var yes = false

    @Flag(help: "Return as soon as io.net has accepted the request.")
    var detach = false

    @OptionGroup var connection: RegistryConnectionOptions

    func validate() throws {
        guard output == nil || dryRun else { throw ValidationError("--output needs --dry-run") }
    }
}
