import ByteText
import Definitions
import Deployment
import ImageStore
import JSON
import OCI
import POSIX
import Registry
import RunContract
import SystemPackage

/// The image that a manifest names, as the provider will pull it.
struct ManifestImage {
    /// The reference, with a tag made of the first digits of the digest where the image was built here.
    let reference: Reference
    /// Nil for a reference without a digest until the registry is asked.
    let digest: Digest?
    private let hint: String
    private let verb: String
    private let store: ImageStore
    /// The image's descriptor in the store, nil where the manifest names a reference.
    private let built: Descriptor?

    /// Finds the newest image that was built for the manifest's `repository`, or takes its `image` as a reference.
    ///
    /// Where the target runs images of the store, `isHere`, an image without a repository is found by its name.
    init(_ manifest: RunManifest, verb: String, store: ImageStore, isHere: Bool = false) throws {
        let action = "\(verb) \(manifest.name)"
        self.verb = verb
        self.store = store
        let isFolder = (try? ImageDefinition.locate(manifest.image)) != nil
        let local = isHere && isFolder ? "localhost/\(Self.name(of: manifest.image))" : nil
        guard let repository = manifest.repository ?? local else {
            guard !isFolder else {
                throw DeploymentError(
                    .unsuitable, action,
                    "'image' is the folder of \(manifest.image), and 'repository' does not say where it is pushed to")
            }
            reference = try Reference(manifest.image)
            digest = reference.digest
            built = nil
            hint = "'image' must be a reference that was pushed"
            return
        }
        let place = try Reference(repository)
        guard place.digest == nil, "\(place.name):latest" == "\(place)" || !repository.contains(byte: "@") else {
            throw DeploymentError(.unsuitable, action, "'repository' is to be without a tag and a digest")
        }
        let target = "\(place.name):latest"
        hint =
            isHere
            ? "type: caasctl build \(manifest.image)"
            : "type: caasctl build \(manifest.image) --tag \(target), then: caasctl push \(target)"
        guard let descriptor = try Self.newest(manifest.image, place, in: store) else {
            throw DeploymentError(.notFound, action, "the image '\(manifest.image)' is not built yet; \(hint)")
        }
        reference = try place.tagged(descriptor.digest.short)
        digest = descriptor.digest
        built = descriptor
    }

    /// Returns the most recently tagged image that has the manifest's image name or is in its repository.
    private static func newest(_ image: String, _ place: Reference, in store: ImageStore) throws -> Descriptor? {
        let name = name(of: image)
        return try store.tags().last { tag in
            tag.name == name || (try? Reference(tag.name))?.name == place.name && tag.name.contains(byte: "/")
        }?.descriptor
    }

    /// Returns the name that `caasctl build` gives the image of a folder.
    private static func name(of image: String) -> String {
        var path = FilePath(image)
        if path.extension == "yaml" { path.removeLastComponent() }
        return path.lastComponent?.string ?? image
    }

    /// An image that passed the checks for deployment.
    struct Checked {
        let digest: Digest
        /// The program that it runs, nil where it cannot be read here.
        let program: Program?
    }

    /// Checks that the image can be pulled with these credentials, has the provider's platform, and has our entrypoint.
    ///
    /// A dry run of an image that was built here reads it from the store and asks no registry.
    func check(_ registry: RegistryClient, isDry: Bool) async throws -> Checked {
        if isDry, let built {
            let image = try store.image(built, platform: Self.platform)
            try requireEntrypoint(image.config)
            return Checked(digest: built.digest, program: await program(image.manifest, image.config, registry))
        }
        let image: ResolvedImage
        do throws(RegistryError) { image = try await registry.check(reference, platform: Self.platform) } catch {
            guard error.code == .notFound else { throw error }
            throw DeploymentError(.notFound, "\(verb) \(reference)", "it is not in its registry; \(hint)")
        }
        try requireEntrypoint(image.config)
        return Checked(
            digest: image.descriptor.digest, program: await program(image.manifest, image.config, registry))
    }

    private static let platform = Platform(os: "linux", architecture: "amd64")

    private func requireEntrypoint(_ config: ImageConfig) throws {
        guard config["Entrypoint"]?.array?.first?.string == ReservedPaths.Image.entrypoint else {
            throw DeploymentError(
                .unsuitable, "\(verb) \(reference)",
                "it has no caas-entrypoint; name a 'program' in its image.yaml and build it again")
        }
    }

    private func program(
        _ manifest: ImageManifest, _ config: ImageConfig, _ registry: RegistryClient
    ) async -> Program? {
        do {
            return try await ImageProgram(store: store, registry: registry, reference: reference)
                .read(manifest, config)
        } catch {
            StandardError.print("what the image runs cannot be read here, so its container checks it: \(error)")
            return nil
        }
    }
}
