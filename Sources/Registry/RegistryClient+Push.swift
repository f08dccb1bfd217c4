import HTTP
public import ImageStore
import JSON
public import OCI
import POSIX
import SystemPackage

/// Pushing whole images.
extension RegistryClient {
    /// Pushes an image and everything it consists of, and returns when the tag points to it.
    ///
    /// Sends only what the registry lacks. Beside the reference's tag, the first twelve digits of the digest become one.
    public func push(
        _ image: Descriptor, from store: ImageStore, to reference: Reference,
        onEvent: @escaping @Sendable (TransferEvent) -> Void = { _ in }
    ) async throws(RegistryError) {
        do throws(RegistryError) {
            guard reference.digest == nil || reference.digest == image.digest else {
                throw RegistryError(.unsuitable, "the image is \(image.digest), and cannot have another's digest")
            }
            let access = try self.access(reference, Scope.push)
            let content = try await content(of: image, store)
            onEvent(.planned(blobs: content.blobs.count, bytes: content.blobs.reduce(0) { $0 + $1.size }))
            try await BoundedTasks.forEach(Self.ordered(content.blobs), atOnce: parallelism) {
                (blob) throws(RegistryError) in
                try await self.transfer(blob, store, to: reference, access, onEvent)
            }
            // Manifests last: a registry refuses one whose blobs or children it lacks. The tag very last: whoever
            // follows it finds all the rest.
            for manifest in content.manifests {
                try await put(manifest, as: manifest.descriptor.digest.description, access)
            }
            guard let top = content.manifests.last else { return }
            try await put(top, as: image.digest.short, access)
            if let tag = reference.tag { try await put(top, as: tag, access) }
            remember(content.blobs, in: store, at: reference)
        } catch { throw error.during("push \(reference)") }
    }

    private struct Content {
        /// Children before those that name them.
        var manifests: [FetchedManifest] = []
        var blobs: [Descriptor] = []
    }

    /// Small blobs first, so that no big one keeps them waiting; of the big ones the biggest first, which ends soonest.
    private static func ordered(_ blobs: [Descriptor]) -> [Descriptor] {
        let (small, big) = (blobs.filter { $0.size <= 8 << 20 }, blobs.filter { $0.size > 8 << 20 })
        return small.sorted { $0.size < $1.size } + big.sorted { $0.size > $1.size }
    }

    private func content(of image: Descriptor, _ store: ImageStore) async throws(RegistryError) -> Content {
        var content = Content()
        try await collect(image, store, into: &content, depth: 0)
        return content
    }

    private func collect(
        _ descriptor: Descriptor, _ store: ImageStore, into content: inout Content, depth: Int
    ) async throws(RegistryError) {
        let manifest = try await read(descriptor, store)
        if descriptor.mediaType.isIndex {
            guard depth < 4 else { throw RegistryError(.unsuitable, "its lists of manifests are nested too deep") }
            let index = try manifest.decoded { (json) throws(JSONError) in try ImageIndex(json: json) }
            for child in index.manifests
            where !content.manifests.contains(where: { $0.descriptor.digest == child.digest }) {
                try await collect(child, store, into: &content, depth: depth + 1)
            }
        } else {
            let image = try manifest.decoded { (json) throws(JSONError) in try ImageManifest(json: json) }
            for blob in image.layers + [image.config] where isPushed(blob, content) { content.blobs.append(blob) }
        }
        content.manifests.append(manifest)
    }

    /// Layers that their licence forbids to hand on have URLs of their own, and are not pushed.
    private func isPushed(_ blob: Descriptor, _ content: Content) -> Bool {
        let type = blob.mediaType.description
        let isForeign = type.contains("nondistributable") || type.contains("rootfs.foreign")
        return !isForeign && !content.blobs.contains { $0.digest == blob.digest }
    }

    private func read(_ descriptor: Descriptor, _ store: ImageStore) async throws(RegistryError)
        -> FetchedManifest
    {
        guard descriptor.size <= Self.manifestLimit else {
            throw RegistryError(
                .unsuitable,
                "manifest \(descriptor.digest) has \(descriptor.size) bytes, and registries take "
                    + "\(Self.manifestLimit)")
        }
        let content: [UInt8]
        do throws(ImageStoreError) { content = try store.read(descriptor, limit: Self.manifestLimit) } catch {
            throw RegistryError(.local, error.description)
        }
        guard let json = try? JSONValue(parsing: content) else {
            throw RegistryError(.unsuitable, "the store's manifest \(descriptor.digest) is no JSON")
        }
        return FetchedManifest(descriptor: descriptor, content: content, json: json)
    }

    /// Brings one blob to the registry in the cheapest way there is.
    private func transfer(
        _ blob: Descriptor, _ store: ImageStore, to reference: Reference, _ access: RepositoryAccess,
        _ onEvent: @escaping @Sendable (TransferEvent) -> Void
    ) async throws(RegistryError) {
        if try await hasBlob(blob, access) {
            journal(blob, access, store).remove()
            return onEvent(.present(blob))
        }
        if try await mountFromKnown(blob, store, to: reference) { return onEvent(.mounted(blob)) }
        if store.contains(blob) {
            try await upload(blob, at: store.path(of: blob.digest), access, store) { onEvent(.moving(blob, bytes: $0)) }
            return onEvent(.moved(blob))
        }
        let sources = try sources(of: blob, in: store)
        try await copy(blob, from: sources[0], access, store, onEvent)
        onEvent(.moved(blob))
    }

    /// The repositories that hold a blob which the store lacks; at least one.
    func sources(of blob: Descriptor, in store: ImageStore) throws(RegistryError) -> [Reference] {
        var references: [Reference] = []
        do throws(ImageStoreError) {
            for source in try store.sources(of: blob.digest) {
                let name = try? Reference(registry: source.registry, repository: source.repository, tag: nil)
                if let name { references.append(name) }
            }
        } catch { throw RegistryError(.local, error.description) }
        guard !references.isEmpty else {
            throw RegistryError(
                .local, "blob \(blob.digest) is missing in \(store.folder), and no repository is known to hold it")
        }
        return references
    }

    private func journal(_ blob: Descriptor, _ access: RepositoryAccess, _ store: ImageStore) -> UploadJournal {
        UploadJournal(folder: store.folder.appending("uploads"), blob, access)
    }

    private func upload(
        _ blob: Descriptor, at path: FilePath, _ access: RepositoryAccess, _ store: ImageStore,
        _ onProgress: @escaping @Sendable (Int64) -> Void
    ) async throws(RegistryError) {
        let file: BodyFile
        do throws(POSIXError) { file = try BodyFile(path) } catch { throw RegistryError(.local, error.description) }
        let journal = journal(blob, access, store)
        var upload = BlobUpload(self, blob, from: file, access, journal, onProgress: onProgress)
        try await upload.run()
    }

    /// Brings a blob over from another registry through a file, since a broken upload must be able to begin anew.
    private func copy(
        _ blob: Descriptor, from origin: Reference, _ access: RepositoryAccess, _ store: ImageStore,
        _ onEvent: @escaping @Sendable (TransferEvent) -> Void
    ) async throws(RegistryError) {
        let temporary: TemporaryBlob
        do throws(ImageStoreError) { temporary = try store.makeTemporaryBlob() } catch {
            throw RegistryError(.local, error.description)
        }
        // Half of the bar for each half of the way.
        try await pullBlob(blob, from: origin, to: temporary.path) { onEvent(.moving(blob, bytes: $0 / 2)) }
        try await upload(blob, at: temporary.path, access, store) {
            onEvent(.moving(blob, bytes: (blob.size + $0) / 2))
        }
    }
}
