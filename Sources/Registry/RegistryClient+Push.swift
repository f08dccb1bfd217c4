import HTTP
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
        _ image: Descriptor, from source: some ImageSource, to reference: Reference,
        onEvent: @escaping @Sendable (TransferEvent) -> Void = { _ in }
    ) async throws(RegistryError) {
        do throws(RegistryError) {
            guard reference.digest == nil || reference.digest == image.digest else {
                throw RegistryError(.unsuitable, "the image is \(image.digest), and cannot have another's digest")
            }
            let access = try RepositoryAccess(reference, Scope.push)
            let content = try await content(of: image, source)
            onEvent(.planned(blobs: content.blobs.count, bytes: content.blobs.reduce(0) { $0 + $1.size }))
            try await forEach(content.blobs, limit: parallelism) { (blob) throws(RegistryError) in
                try await self.transfer(blob, source, to: reference, access, onEvent)
            }
            // Manifests last: a registry refuses one whose blobs or children it lacks. The tag very last: whoever
            // follows it finds all the rest.
            for manifest in content.manifests {
                try await put(manifest, as: manifest.descriptor.digest.description, access)
            }
            guard let top = content.manifests.last else { return }
            try await put(top, as: image.digest.short, access)
            if let tag = reference.tag { try await put(top, as: tag, access) }
        } catch { throw error.during("push \(reference)") }
    }

    private struct Content {
        /// Children before those that name them.
        var manifests: [FetchedManifest] = []
        var blobs: [Descriptor] = []
    }

    private func content(of image: Descriptor, _ source: some ImageSource) async throws(RegistryError) -> Content {
        var content = Content()
        try await collect(image, source, into: &content, depth: 0)
        return content
    }

    private func collect(
        _ descriptor: Descriptor, _ source: some ImageSource, into content: inout Content, depth: Int
    ) async throws(RegistryError) {
        let manifest = try await read(descriptor, source)
        if descriptor.mediaType.isIndex {
            guard depth < 4 else { throw RegistryError(.unsuitable, "its lists of manifests are nested too deep") }
            let index = try manifest.decoded { (json) throws(JSONError) in try ImageIndex(json: json) }
            for child in index.manifests
            where !content.manifests.contains(where: { $0.descriptor.digest == child.digest }) {
                try await collect(child, source, into: &content, depth: depth + 1)
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

    private func read(_ descriptor: Descriptor, _ source: some ImageSource) async throws(RegistryError)
        -> FetchedManifest
    {
        let content: [UInt8]
        do { content = try await source.manifest(descriptor) } catch { throw RegistryError(.local, "\(error)") }
        guard Digest(of: content) == descriptor.digest, let json = try? JSONValue(parsing: content) else {
            throw RegistryError(.contentMismatch, "the store's manifest \(descriptor.digest) is damaged")
        }
        return FetchedManifest(descriptor: descriptor, content: content, json: json)
    }

    /// Brings one blob to the registry in the cheapest way there is.
    private func transfer(
        _ blob: Descriptor, _ source: some ImageSource, to reference: Reference, _ access: RepositoryAccess,
        _ onEvent: @escaping @Sendable (TransferEvent) -> Void
    ) async throws(RegistryError) {
        if try await hasBlob(blob, access) { return onEvent(.present(blob)) }
        let location: BlobSource
        do { location = try await source.location(of: blob) } catch { throw RegistryError(.local, "\(error)") }
        switch location {
        case .file(let path): try await upload(blob, at: path, access, onEvent)
        case .repository(let origin):
            if origin.registry == reference.registry, try await mount(blob, from: origin, to: reference) {
                return onEvent(.mounted(blob))
            }
            try await copy(blob, from: origin, access, through: source.temporaryFolder, onEvent)
        }
        onEvent(.moved(blob))
    }

    private func upload(
        _ blob: Descriptor, at path: FilePath, _ access: RepositoryAccess,
        _ onEvent: @escaping @Sendable (TransferEvent) -> Void
    ) async throws(RegistryError) {
        let file: BodyFile
        do throws(POSIXError) {
            file = try BodyFile(path)
            guard try file.status().size == blob.size else {
                throw POSIXError("use", path, .invalidArgument)
            }
        } catch { throw RegistryError(.local, error.description) }
        try await upload(blob, from: file, access) { onEvent(.moving(blob, bytes: $0)) }
    }

    /// Brings a blob over from another registry through a file, since a broken upload must be able to begin anew.
    private func copy(
        _ blob: Descriptor, from origin: Reference, _ access: RepositoryAccess, through folder: FilePath,
        _ onEvent: @escaping @Sendable (TransferEvent) -> Void
    ) async throws(RegistryError) {
        let path = FileSystem.temporaryPath(beside: folder.appending(blob.digest.hexadecimal))
        defer { try? FileSystem.remove(path) }
        // Half of the bar for each half of the way.
        try await pullBlob(blob, from: origin, to: path) { onEvent(.moving(blob, bytes: $0 / 2)) }
        let file: BodyFile
        do throws(POSIXError) { file = try BodyFile(path) } catch { throw RegistryError(.local, error.description) }
        try await upload(blob, from: file, access) { onEvent(.moving(blob, bytes: (blob.size + $0) / 2)) }
    }
}
