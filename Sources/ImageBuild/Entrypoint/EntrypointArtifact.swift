import ImageStore
import JSON
public import OCI
import POSIX
public import SystemPackage

/// The layer with caas-entrypoint, which `make entrypoint` made once: the same bytes in every image.
public struct EntrypointArtifact: Sendable {
    private static let blobName = "layer.tar.gz"
    private static let descriptionName = "layer.json"

    private let file: FilePath
    private let layer: BuiltLayer

    /// Reads the first of the folders that has one.
    public init(searching folders: [FilePath], platform: Platform) throws(ImageBuildError) {
        guard let folder = folders.first(where: { FileSystem.exists($0.appending(Self.descriptionName)) }) else {
            let places = folders.map(\.string).joined(separator: " or ")
            throw ImageBuildError(
                "bake a program into an image", "the entrypoint's layer is not in \(places); type: make entrypoint")
        }
        file = folder.appending(Self.blobName)
        let path = folder.appending(Self.descriptionName)
        let content = try posix { () throws(POSIXError) in try FileSystem.read(path) }
        let architecture: String
        do throws(JSONError) {
            var json = try JSONValue(parsing: content)
            json["mediaType"] = .string(MediaType.layerGzip.description)
            layer = try BuiltLayer(json: json, createdBy: "caas-entrypoint")
            architecture = try json.text("architecture")
        } catch { throw ImageBuildError("read \(path)", "\(error.reason); type: make entrypoint") }
        guard architecture == platform.architecture else {
            throw ImageBuildError(
                "bake a program into an image for \(platform)", "the entrypoint in \(folder) is for \(architecture)")
        }
    }

    /// Where it is looked for: beside the program itself, then in the user's own folder.
    public static func folders(home: FilePath) -> [FilePath] {
        let program = try? FileSystem.readLink("/proc/self/exe")
        let beside = program.map { [$0.removingLastComponent().appending("entrypoint")] } ?? []
        return beside + [home.appending("entrypoint")]
    }

    /// Puts it into the store.
    func add(to store: ImageStore) throws(ImageBuildError) -> BuiltLayer {
        try stored { () throws(ImageStoreError) in try store.add(copying: file, as: layer.descriptor) }
        return layer
    }
}
