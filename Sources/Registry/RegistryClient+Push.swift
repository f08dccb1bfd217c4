package import ImageStore
package import OCI
import POSIX

/// Pushing whole images.
extension RegistryClient {
    /// Pushes an image and everything it consists of, and returns when the tag points to it.
    ///
    /// Sends only what the registry lacks. Beside the reference's tag, the first twelve digits of the digest become one if
    /// `digestTag` says so.
    /// `early` has sent blobs while the image was made; what did not get through then goes now.
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
            // The config of an image whose layers were not there cannot be there either.
            let isNew = outcomes.contains(.moved)
            let configs = try await BoundedTasks.run(content.configs.count, atOnce: parallelism) {
                (index) throws(RegistryError) in try await transfer.bring(content.configs[index], isNew: isNew)
            }
            let mayBeThere = (outcomes + configs).allSatisfy { $0 == .present }
            let tags = Self.tags(of: reference, image.digest, digestTag: digestTag)
            try await putManifests(of: content, as: tags, transfer.access, mayBeThere: mayBeThere)
        } catch { throw error.during("push \(reference)") }
    }

    /// The tags that an image gets when it is pushed to a reference, the reference's own first; none where that has none and
    /// the digest is not to be one.
    package static func tags(of reference: Reference, _ digest: Digest, digestTag: Bool) -> [String] {
        let tags = [reference.tag, digestTag ? digest.short : nil].compactMap(\.self)
        return tags.count == 2 && tags[0] == tags[1] ? [tags[0]] : tags
    }

    /// Sends manifests last: a registry refuses one whose blobs or children it lacks.
    ///
    /// The tag is the very last: whoever follows it finds all the rest.
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
            // Where tags cannot be changed, a second push of the same must not fail for it.
            guard error.code == .refused, try await digest(of: name, access) == manifest.descriptor.digest else {
                throw error
            }
        }
    }
}
