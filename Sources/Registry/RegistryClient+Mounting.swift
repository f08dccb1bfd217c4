import ImageStore
import OCI

/// Taking blobs over from repositories of the same registry, which the store knows from bases and earlier pushes.
extension RegistryClient {
    /// True where the registry took the blob over from one of its repositories that is known to hold it.
    func mountFromKnown(
        _ blob: Descriptor, _ store: ImageStore, to reference: Reference
    ) async throws(RegistryError) -> Bool {
        // What is known is a hint: without it the bytes are sent.
        let known = ((try? store.sources(of: blob.digest)) ?? []).filter {
            $0.registry == reference.registry && $0.repository != reference.repository
        }
        // Each that has lost it since costs two requests.
        for source in known.prefix(2) {
            guard let other = try? Reference(registry: source.registry, repository: source.repository, tag: nil) else {
                continue
            }
            if try await mount(blob, from: other, to: reference) { return true }
        }
        return false
    }

    /// Notes where blobs are now, for the next repository of the same registry.
    func remember(_ blobs: [Descriptor], in store: ImageStore, at reference: Reference) {
        let source = BlobSource(registry: reference.registry, repository: reference.repository)
        // After those that are known: a base's own repository holds its layers longer than one of ours.
        for blob in blobs { try? store.remember(source, of: blob.digest, isLast: true) }
    }
}
