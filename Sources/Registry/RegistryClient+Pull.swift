import HTTP
package import ImageStore
import JSON
package import OCI
import POSIX
import SystemPackage
import Wording

/// An image in a registry, with the documents that a build on top of it needs.
package struct ResolvedImage: Sendable {
    /// The image of the wanted platform, pinned by digest so that later reads find the same image.
    package let reference: Reference
    package let descriptor: Descriptor
    /// The manifest's bytes as received.
    package let manifestContent: [UInt8]
    package let manifest: ImageManifest
    /// The config's bytes as received.
    package let configContent: [UInt8]
    package let config: ImageConfig
    /// The digest of the index that the reference names; nil if it names the image itself.
    package let index: Digest?
}

extension RegistryClient {
    /// Finds a platform's image behind a reference, and fetches and verifies its manifest and config.
    package func resolve(_ reference: Reference, platform: Platform) async throws(RegistryError) -> ResolvedImage {
        do throws(RegistryError) {
            return try await read(reference) { (client, access) throws(RegistryError) in
                try await client.found(reference, platform, access)
            }
        } catch { throw error.during("find image \(reference)") }
    }

    /// Checks that a platform's image can be pulled: fetches manifest and config, and asks for every layer.
    @discardableResult
    package func check(_ reference: Reference, platform: Platform) async throws(RegistryError) -> ResolvedImage {
        do throws(RegistryError) {
            let access = try access(reference, Scope.pull)
            let image = try await found(reference, platform, access)
            try await BoundedTasks.forEach(image.manifest.layers, atOnce: parallelism) {
                (layer) throws(RegistryError) in
                guard try await self.hasBlob(layer, access) else {
                    throw RegistryError(.notFound, "the registry lacks layer \(layer.digest)")
                }
            }
            return image
        } catch { throw error.during("pull \(reference)") }
    }

    /// Fetches a platform's image with all its blobs; skips blobs that the store already has.
    @discardableResult
    package func pull(
        _ reference: Reference, platform: Platform, into store: ImageStore,
        onEvent: @escaping @Sendable (TransferEvent) -> Void = { _ in }
    ) async throws(RegistryError) -> ResolvedImage {
        do throws(RegistryError) {
            let image = try await read(reference) { (client, access) throws(RegistryError) in
                try await client.found(reference, platform, access)
            }
            var blobs: [Descriptor] = []
            for blob in [image.manifest.config] + image.manifest.layers
            where !blobs.contains(where: { $0.digest == blob.digest }) {
                blobs.append(blob)
            }
            let source = BlobSource(registry: reference.registry, repository: reference.repository)
            onEvent(.planned(blobs: blobs.count, bytes: blobs.reduce(0) { $0 + $1.size }))
            try await BoundedTasks.forEach(blobs, atOnce: parallelism) { (blob) throws(RegistryError) in
                try await self.fetch(blob, from: [source], into: store, onEvent)
            }
            // The manifest is written after its blobs, so that a stored manifest is always complete.
            try keep(image.manifestContent, image.descriptor.mediaType, in: store)
            // The blobs can be mounted from this repository into another one of the registry.
            for blob in blobs { try? store.remember(source, of: blob.digest) }
            return image
        } catch { throw error.during("pull \(reference)") }
    }

    /// Fetches a base's manifest and config, and records where its layers are without fetching them.
    package func addBase(
        _ reference: Reference, platform: Platform, to store: ImageStore
    ) async throws(RegistryError) -> ResolvedImage {
        let image = try await resolve(reference, platform: platform)
        do {
            let source = BlobSource(registry: reference.registry, repository: reference.repository)
            for layer in image.manifest.layers { try store.remember(source, of: layer.digest) }
            _ = try store.add(image.configContent, mediaType: image.manifest.config.mediaType)
            _ = try store.add(image.manifestContent, mediaType: image.descriptor.mediaType)
        } catch { throw RegistryError(.local, "find image \(reference)", "\(error)") }
        return image
    }

    /// Fetches the layers of an image that the store lacks, from the repositories that the store has recorded.
    package func fetchMissingLayers(
        of image: StoredImage, in store: ImageStore,
        onEvent: @escaping @Sendable (TransferEvent) -> Void = { _ in }
    ) async throws(RegistryError) {
        do throws(RegistryError) { try await fetch(store.missingLayers(of: image), in: store, onEvent: onEvent) } catch
        {
            throw error.during("fetch the layers of \(image.descriptor.digest)")
        }
    }

    /// Fetches layers from the repositories that the store has recorded.
    package func fetch(
        _ layers: [Descriptor], in store: ImageStore, onEvent: @escaping @Sendable (TransferEvent) -> Void = { _ in }
    ) async throws(RegistryError) {
        onEvent(.planned(blobs: layers.count, bytes: layers.reduce(0) { $0 + $1.size }))
        try await BoundedTasks.forEach(layers, atOnce: parallelism) { (blob) throws(RegistryError) in
            let sources: [BlobSource]
            do { sources = try store.sources(of: blob.digest) } catch { throw RegistryError(.local, "\(error)") }
            try await self.fetch(blob, from: sources, into: store, onEvent)
        }
    }

    private func fetch(
        _ blob: Descriptor, from sources: [BlobSource], into store: ImageStore,
        _ onEvent: @escaping @Sendable (TransferEvent) -> Void
    ) async throws(RegistryError) {
        if store.contains(blob) { return onEvent(.present(blob)) }
        let temporary: TemporaryBlob
        do { temporary = try store.makeTemporaryBlob() } catch { throw RegistryError(.local, "\(error)") }
        try await download(blob, from: sources, to: temporary.path, in: store) { onEvent(.moving(blob, bytes: $0)) }
        do { try temporary.keep(as: blob.digest) } catch { throw RegistryError(.local, "\(error)") }
        onEvent(.moved(blob))
    }

    private func keep(_ content: [UInt8], _ type: MediaType, in store: ImageStore) throws(RegistryError) {
        do { _ = try store.add(content, mediaType: type) } catch { throw RegistryError(.local, "\(error)") }
    }

    private func found(
        _ reference: Reference, _ platform: Platform, _ access: RepositoryAccess
    ) async throws(RegistryError) -> ResolvedImage {
        var fetched = try await manifest(reference.identifier, access)
        let top = fetched.descriptor
        for _ in 0..<4 where fetched.descriptor.mediaType.isIndex {
            let index = try fetched.decoded { (json) in try ImageIndex(json: json) }
            guard let child = index.manifest(for: platform) ?? index.manifests.first(where: \.mediaType.isIndex) else {
                throw Self.wrongPlatform(platform, index.manifests.compactMap(\.platform))
            }
            fetched = try await manifest(child.digest.description, access)
        }
        let manifest = try fetched.decoded { (json) in try ImageManifest(json: json) }
        let content = try await smallBlob(manifest.config, access)
        let config: ImageConfig
        do { config = try ImageConfig(json: try JSONValue(parsing: content)) } catch {
            throw RegistryError(.unsuitable, "config \(manifest.config.digest): \(Failure.reason(of: error))")
        }
        // Only the config states the platform of an image without an index.
        guard config.platform.matches(platform) else { throw Self.wrongPlatform(platform, [config.platform]) }
        return ResolvedImage(
            reference: reference.pinned(to: fetched.descriptor.digest), descriptor: fetched.descriptor,
            manifestContent: fetched.content, manifest: manifest, configContent: content, config: config,
            index: top.mediaType.isIndex ? top.digest : nil)
    }

    private static func wrongPlatform(_ wanted: Platform, _ offered: [Platform]) -> RegistryError {
        // Attestations have the platform unknown/unknown, which would only confuse the user.
        let names = offered.filter { $0.os != "unknown" }.map(\.description).joined(separator: ", ")
        return RegistryError(.unsuitable, "it is not for \(wanted), only for \(names.isEmpty ? "no platform" : names)")
    }
}
