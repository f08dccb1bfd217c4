package import ImageStore
import JSON
package import OCI
import POSIX

/// Copying the referrers of an image together with the image.
extension RegistryClient {
    /// The limit of referrers: more than any image has, so that an endless list ends.
    private static let mostReferrers = 1000

    /// Copies all referrers of manifests, and their own referrers, into another repository; returns their number.
    ///
    /// `store` holds blobs temporarily on the way.
    package func copyReferrers(
        of subjects: [Digest], from source: Reference, to target: Reference, through store: ImageStore,
        onEvent: @escaping @Sendable (TransferEvent) -> Void = { _ in }
    ) async throws(RegistryError) -> Int {
        do throws(RegistryError) {
            let from = try access(source, Scope.pull)
            let transfer = BlobTransfer(self, try access(target, Scope.push), store, [:], onEvent)
            var waiting = subjects
            var copied: Set<Digest> = []
            while let subject = waiting.popLast() {
                for referrer in try await referrers(of: subject, from) where copied.insert(referrer.digest).inserted {
                    guard copied.count <= Self.mostReferrers else {
                        throw RegistryError(.unsuitable, "more than \(Self.mostReferrers) things refer to it")
                    }
                    try await copy(referrer, from: source, from, transfer, store)
                    waiting.append(referrer.digest)
                }
            }
            return copied.count
        } catch { throw error.during("copy what refers to \(source)") }
    }

    private func copy(
        _ referrer: Descriptor, from source: Reference, _ from: RepositoryAccess, _ transfer: BlobTransfer,
        _ store: ImageStore
    ) async throws(RegistryError) {
        let manifest = try await manifest("\(referrer.digest)", from)
        if !manifest.descriptor.mediaType.isIndex {
            let content = try manifest.decoded { (json) in try ImageManifest(json: json) }
            let place = BlobSource(registry: source.registry, repository: source.repository)
            for blob in content.layers + [content.config] {
                try? store.remember(place, of: blob.digest)
                _ = try await transfer.bring(blob)
            }
        }
        try await put(manifest, as: "\(referrer.digest)", transfer.access)
    }
}
