import ArgumentParser
import Definitions
import ImageLayers
import OCI
import SystemPackage
import Wording

/// The platforms that an image is built for.
struct BuildPlatforms: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Build only for this platform: one from image.yaml, or any for a Dockerfile; repeatable.",
            valueName: "os/architecture[/variant]"))
    var platform: [String] = []

    @Option(
        help: ArgumentHelp(
            "The entrypoint for another architecture: the output of `caasctl entrypoint pack` on such a machine, or a "
                + "tar of it; repeatable.", valueName: "file|folder"))
    var entrypointBundle: [String] = []

    var bundles: [FilePath] { entrypointBundle.map { FilePath($0) } }

    func validate() throws { _ = try wanted() }

    /// Returns the platforms of `--platform`, none where the option is not given.
    func wanted() throws -> [Platform] {
        do {
            var wanted: [Platform] = []
            for text in platform.flatMap({ $0.split(separator: ",").map(String.init) }) {
                wanted.append(try Platform(text))
            }
            return wanted
        } catch { throw ValidationError("\(error)") }
    }

    /// Returns the definition with only the chosen platforms, in the definition's order.
    func narrow(_ definition: ImageDefinition) throws -> ImageDefinition {
        let wanted = try wanted()
        guard !wanted.isEmpty else { return definition }
        let names = definition.platforms.map(\.description).joined(separator: ", ")
        for platform in wanted where !definition.platforms.contains(where: { $0.matches(platform) }) {
            throw Failure("build for \(platform)", "'platforms' in \(definition.file) lists \(names)")
        }
        var definition = definition
        definition.platforms = definition.platforms.filter { platform in
            wanted.contains(platform) || wanted.contains { platform.matches($0) && !definition.platforms.contains($0) }
        }
        return definition
    }
}
