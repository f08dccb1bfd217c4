package import ImageStore
package import OCI
import POSIX

/// Pushing whole images.
extension RegistryClient {
    /// Pushes an image with all its blobs and manifests, and returns once the tag points to it.
    ///
    /// It sends only what the registry lacks. With `digestTag`, the image also gets the first twelve digits of its
    /// digest as a tag.
    ///
    /// `early` has uploaded blobs while the image was built; the blobs that it could not send are sent now.
    package func push(
        _ image: Descriptor, from store: ImageStore, to reference: Reference, after early: EarlyPush? = nil,
        digestTag: Bool = true,
        onEvent: @escaping @Sendable (TransferEvent) -> Void = { _ in }
    ) async throws(RegistryError) {
        do throws(RegistryError) {
            guard reference.digest == nil || reference.digest == image.digest else {
                throw RegistryError(.unsuitable, "the image is \(image.digest), and cannot have another's digest")
            }
            let content = try PushContent(of: image, in: store)
            onEvent(.planned(blobs: content.blobs.count, bytes: content.blobs.reduce(0) { $0 + $1.size }))
            let known = await early?.finish() ?? [:]
            let transfer = BlobTransfer(self, try access(reference, Scope.push), store, known, onEvent)
            let outcomes = try await BoundedTasks.run(content.layers.count, atOnce: parallelism) {
                (index) throws(RegistryError) in try await transfer.bring(content.layers[index])
            }
            // If a layer was missing, the config of that image is missing too, so the check can be skipped.
            let isNew = outcomes.contains(.moved)
            let configs = try await BoundedTasks.run(content.configs.count, atOnce: parallelism) {
                (index) throws(RegistryError) in try await transfer.bring(content.configs[index], isNew: isNew)
            }
            let mayBeThere = (outcomes + configs).allSatisfy { $0 == .present }
            let tags = Self.tags(of: reference, image.digest, digestTag: digestTag)
            try await putManifests(of: content, as: tags, transfer.access, mayBeThere: mayBeThere)
        } catch { throw error.during("push \(reference)") }
    }

    /// Returns the tags that a push to a reference sets, the reference's own first.
    ///
    /// The list is empty if the reference has no tag and `digestTag` is false.
    package static func tags(of reference: Reference, _ digest: Digest, digestTag: Bool) -> [String] {
        let tags = [reference.tag, digestTag ? digest.short : nil].compactMap(\.self)
        return tags.count == 2 && tags[0] == tags[1] ? [tags[0]] : tags
    }

    /// Uploads the manifests after the blobs: a registry rejects a manifest whose blobs or children it lacks.
    ///
    /// The tag is last, so that a client that follows it finds everything.
    private func putManifests(
        of content: PushContent, as tags: [String], _ access: RepositoryAccess, mayBeThere: Bool
    ) async throws(RegistryError) {
        guard let top = content.manifests.last else { return }
        for manifest in content.manifests.dropLast() {
            try await put(manifest, as: "\(manifest.descriptor.digest)", access, unlessThere: mayBeThere)
        }
        for name in tags.isEmpty ? ["\(top.descriptor.digest)"] : tags.reversed() {
            try await put(top, as: name, access, unlessThere: mayBeThere)
        }
    }

    private func put(
        _ manifest: FetchedManifest, as name: String, _ access: RepositoryAccess, unlessThere: Bool
    ) async throws(RegistryError) {
        if unlessThere, try await digest(of: name, access) == manifest.descriptor.digest { return }
        do throws(RegistryError) { try await put(manifest, as: name, access) } catch {
            // With immutable tags, pushing the same image a second time must not fail.
            guard error.code == .refused, try await digest(of: name, access) == manifest.descriptor.digest else {
                throw error
            }
        }
    }
}
