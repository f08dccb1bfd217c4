package import Definitions
import ImageBuild
import ImageLayers
package import SystemPackage
import Wording

/// A named build context, which defines or overrides a name in FROM and `--from`.
///
/// Source: <https://docs.docker.com/reference/cli/docker/buildx/build/#build-context>.
package enum NamedContext: Sendable, Hashable {
    case folder(FilePath)
    case image(ImageDefinition.Base)

    /// Parses a folder, `docker-image://REFERENCE`, `oci-layout://DIR[:TAG]`, or a value of `base:` in an image.yaml.
    package init(_ text: String) throws {
        func image(_ text: String) throws -> NamedContext { .image(try ImageDefinition.Base(text, folder: ".")) }
        let parts = text.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        switch (parts[0], parts.count) {
        case ("docker-image", 2): self = try image(parts[1])
        case ("oci-layout", 2): self = try image("oci:\(parts[1])")
        case (_, 2):
            throw Failure(
                "use the context \(text)", "it is no folder, docker-image://REFERENCE or oci-layout://DIR[:TAG]")
        case _ where ImageDefinition.Base.isLayout(text): self = try image(text)
        default: self = .folder(FilePath(text))
        }
    }
}

/// The source of files that `--from` names.
enum FileOrigin: Sendable {
    case image(ImageAssembly)
    case folder(ContextFolder)
}
