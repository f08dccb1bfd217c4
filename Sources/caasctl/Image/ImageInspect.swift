import ArgumentParser
import ImageInspection
import JSON
import OCI
import POSIX

/// The help text of the IMAGE argument of commands that read an image.
let imageHelp = ArgumentHelp(
    "A built image's folder or name, a digest, oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:TAG], or a "
        + "reference in a registry.")

/// The option that selects one platform of an image.
struct PlatformOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Select this platform of a multi-platform image.", valueName: "os/architecture[/variant]"))
    var platform: String?

    func validate() throws { _ = try value() }

    func value() throws -> Platform? {
        do { return try platform.map { (text) in try Platform(text) } } catch { throw ValidationError("\(error)") }
    }
}

/// `caasctl image inspect`: prints an image's config and layers, without fetching the layers.
struct ImageInspect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show an image's config, its layers, and the step behind each layer.",
        discussion: """
            Does not download the layers.

            caasctl image inspect demo
            caasctl image inspect ghcr.io/me/app:1 --json
            caasctl image inspect oci:out:latest
            """)

    @Argument(help: imageHelp) var image: String
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var choice: PlatformOption
    @OptionGroup var connection: RegistryConnectionOptions

    func run() async throws {
        let found = try await ImageLookup(connection).documents(image)
        defer { found.removeTemporaryFiles() }
        let report = try ImageReport(found, platform: try choice.value())
        print(json ? String(decoding: report.json.prettyEncoded(), as: UTF8.self) : report.text, terminator: "")
    }
}
