import Definitions
import Deployment
import ImageStore
import JSON
import OCI
import Registry
import SystemPackage

/// The image that a manifest means, as the provider will pull it.
struct ManifestImage {
    /// With the tag that names the content: the first digits of its digest.
    let reference: Reference
    /// Nil for a reference whose registry was not asked yet.
    let digest: Digest?
    private let hint: String

    /// Looks in the store for what was built last for the manifest, or takes its reference as it is.
    init(_ manifest: RunManifest, store: ImageStore) throws {
        let action = "deploy \(manifest.name)"
        guard let repository = manifest.repository else {
            guard (try? ImageDefinition.locate(manifest.image)) == nil else {
                throw DeploymentError(
                    .unsuitable, action,
                    "'image' is the folder of \(manifest.image), and 'repository' does not say where it is pushed to")
            }
            reference = try Reference(manifest.image)
            digest = reference.digest
            hint = "'image' must be a reference that was pushed"
            return
        }
        let place = try Reference(repository)
        guard place.digest == nil, "\(place.name):latest" == "\(place)" || !repository.contains("@") else {
            throw DeploymentError(.unsuitable, action, "'repository' is to be without a tag and a digest")
        }
        let target = "\(place.name):latest"
        hint = "type: caasctl build \(manifest.image) --tag \(target), then: caasctl push \(target)"
        guard let descriptor = try Self.newest(manifest.image, place, in: store) else {
            throw DeploymentError(.notFound, action, "the image '\(manifest.image)' is not built yet; \(hint)")
        }
        reference = try place.tagged(descriptor.digest.short)
        digest = descriptor.digest
    }

    /// The image that got its name last, of those that have the manifest's name or stand in its repository.
    private static func newest(_ image: String, _ place: Reference, in store: ImageStore) throws -> Descriptor? {
        var path = FilePath(image)
        if path.extension == "yaml" { path.removeLastComponent() }
        let name = path.lastComponent?.string ?? image
        return try store.tags().last { tag in
            tag.name == name || (try? Reference(tag.name))?.name == place.name && tag.name.contains("/")
        }?.descriptor
    }

    /// Makes sure that it can be pulled with these credentials, runs there, and has our entrypoint.
    func check(_ registry: RegistryClient) async throws -> Digest {
        let image: ResolvedImage
        do throws(RegistryError) {
            image = try await registry.check(reference, platform: Platform(os: "linux", architecture: "amd64"))
        } catch {
            guard error.code == .notFound else { throw error }
            throw DeploymentError(.notFound, "deploy \(reference)", "it is not in its registry; \(hint)")
        }
        guard image.config["Entrypoint"]?.array?.first?.string == "/.caas/caas-entrypoint" else {
            throw DeploymentError(
                .unsuitable, "deploy \(reference)",
                "it has no caas-entrypoint; name a 'program' in its image.yaml and build it again")
        }
        return image.descriptor.digest
    }
}
