package import Definitions
import OCI
import POSIX
import SystemPackage

/// One kind of layer: how an entry of an image.yaml becomes layers of an image.
///
/// A kind that has no such files, variables or checks leaves the members that have a default.
protocol LayerRecipe: Sendable {
    /// True where each platform has layers of its own.
    var dependsOnPlatform: Bool { get }

    /// The user's files and folders that go into the layers: a commit describes the image only where it has all of them.
    var sources: [FilePath] { get }

    /// Folders of the image in which programs look for what the layers hold, each with the variable that lists them.
    var searchPaths: [(variable: String, folder: String)] { get }

    /// The files with whose folders the layers above have to agree, nil for a kind that brings its own.
    func files(_ place: LayerPlace) throws -> FileSource?

    /// Throws where a source is missing, before any layer takes minutes to make.
    func check(_ place: LayerPlace) async throws

    /// Chooses what a server decides, such as versions, before any layer is made.
    func choose(_ place: LayerPlace, for platforms: [Platform]) async throws

    /// Makes the layers; for a large entry there are several.
    func layers(_ place: LayerPlace, for platform: Platform) async throws -> [BuiltLayer]
}

/// Where an entry stands in its image, with what makes layers there.
struct LayerPlace: Sendable {
    var layerBuilder: LayerBuilder
    /// The folder of the image.yaml.
    let folder: FilePath
    /// The time of files that have none of their own, in seconds since 1970.
    let epoch: Int64
    /// True where the layer does not begin the image.
    let isOnBase: Bool
}

extension LayerRecipe {
    var dependsOnPlatform: Bool { false }
    var sources: [FilePath] { [] }
    var searchPaths: [(variable: String, folder: String)] { [] }
    func files(_ place: LayerPlace) throws -> FileSource? { nil }
    func choose(_ place: LayerPlace, for platforms: [Platform]) async throws {}

    /// Throws where one of the user's files is missing.
    func check(_ place: LayerPlace) async throws {
        for source in sources {
            _ = try FileStatus(source, followingLinks: true)
        }
    }
}

extension ImageDefinition.Layer {
    /// The table of the kinds of layers.
    var recipe: any LayerRecipe {
        switch self {
        case .debian(let layer): DebianRecipe(layer: layer)
        case .python(let layer): PythonRecipe(layer: layer)
        case .git(let layer): GitRecipe(layer: layer)
        case .files(let layer): FilesRecipe(layer: layer)
        case .archive(let layer): ArchiveRecipe(layer: layer)
        }
    }
}

extension ImageDefinition.Layer {
    /// Folders of the image in which programs look for what the layer holds, each with the variable that lists them.
    package var searchPaths: [(variable: String, folder: String)] { recipe.searchPaths }
}
