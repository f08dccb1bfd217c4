import ByteText
import Definitions
import ImageInspection
import ImageStore
import OCI
import POSIX
import Registry
import SystemPackage

/// Resolves an IMAGE argument to a local or remote image, and fetches the parts that a command needs.
struct ImageLookup {
    let store: ImageStore
    let home: FilePath
    private let registry: RegistryClient

    init(_ connection: RegistryConnectionOptions) throws {
        registry = try connection.client()
        home = try HomeFolder.open()
        store = try ImageStore(at: home.appending("store"))
    }

    /// The folder that caches file listings of layers.
    var listings: FilePath { store.folder.appending("listings") }

    /// Returns the image's documents; an image in a registry is read without its layers.
    func documents(_ text: String) async throws -> FoundImage {
        if let local = try await local(text) { return local }
        let reference = try remote(text)
        let found = try await registry.documents(of: reference)
        return FoundImage(name: text, found.descriptor, documents: found.documents)
    }

    /// Returns the image with all its layers in the store.
    func whole(_ text: String, platform: Platform?) async throws -> FoundImage {
        let found: FoundImage
        if let local = try await local(text) {
            found = local
        } else {
            let reference = try remote(text)
            let progress = TransferProgress("pull \(reference)")
            let image = try await registry.pull(
                reference, platform: platform ?? .current, into: store, onEvent: progress.note)
            found = FoundImage(name: text, image.descriptor, in: store)
        }
        if found.layout == store.folder { try await fetchMissingLayers(of: found, platform: platform) }
        return found
    }

    /// Reads the files of an image whose layers are in the store.
    func contents(_ image: PlatformImage, in found: FoundImage) async throws -> ImageContents {
        let listings = listings
        return try await BlockingThread.run { try found.contents(of: image, listings: listings) }
    }

    /// Fetches the layers that are still only in the base image's registry.
    private func fetchMissingLayers(of found: FoundImage, platform: Platform?) async throws {
        for image in try found.images(platform: platform) {
            let stored = try store.image(image.descriptor, platform: image.config.platform)
            guard !store.missingLayers(of: stored).isEmpty else { continue }
            let progress = TransferProgress("fetch the base of \(found.name)")
            try await registry.fetchMissingLayers(of: stored, in: store, onEvent: progress.note)
        }
    }

    private func local(_ text: String) async throws -> FoundImage? {
        let finder = ImageFinder(store: store, temporary: home.appending("cache").appending("tmp"))
        let name = definitionName(text)
        return try await BlockingThread.run { try finder.find(text, definitionName: name) }
    }

    /// Returns the name of a folder's image, or the folder's name where its image.yaml uses variables that are not set.
    private func definitionName(_ text: String) -> String? {
        guard let file = try? ImageDefinition.locate(text), FileSystem.exists(file) else { return nil }
        let definition = try? ImageDefinition(
            reading: file, buildArguments: [:], environment: ProcessEnvironment.all())
        return definition?.name ?? file.removingLastComponent().lastComponent?.string
    }

    /// Parses a reference that has a host, a tag or a digest.
    ///
    /// Any other text may be a mistyped local name, which must not be looked up at Docker Hub.
    private func remote(_ text: String) throws -> Reference {
        if case .registry(let name) = ImageLocation(text) { return try Reference(name) }
        guard Reference.host(of: text) != nil || text.contains(byte: ":") || text.contains(byte: "@"),
            !text.hasPrefix(bytes: "."),
            !text.hasPrefix(bytes: "/")
        else {
            let folders = ((try? FileSystem.names(in: "images")) ?? []).map(\.string)
            let finder = ImageFinder(store: store, temporary: home.appending("cache").appending("tmp"))
            throw try finder.unknown(text, definitions: folders)
        }
        return try Reference(text)
    }
}
