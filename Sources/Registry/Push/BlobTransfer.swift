import HTTP
import ImageStore
import OCI
import POSIX
import SystemPackage

/// Copies blobs of a store into a repository, each in the cheapest way possible.
struct BlobTransfer: Sendable {
    /// How a blob came to be in the repository.
    enum Outcome: Sendable {
        case present
        case mounted
        case moved
    }

    private let client: RegistryClient
    let access: RepositoryAccess
    private let store: ImageStore
    /// The outcomes that are already known, by digest.
    private let known: [Digest: Outcome]
    private let onEvent: @Sendable (TransferEvent) -> Void

    init(
        _ client: RegistryClient, _ access: RepositoryAccess, _ store: ImageStore, _ known: [Digest: Outcome],
        _ onEvent: @escaping @Sendable (TransferEvent) -> Void
    ) {
        self.client = client
        self.access = access
        self.store = store
        self.known = known
        self.onEvent = onEvent
    }

    /// Ensures that the repository has a blob; if `isNew`, it skips asking whether the blob is already there.
    func bring(_ blob: Descriptor, isNew: Bool = false) async throws(RegistryError) -> Outcome {
        let outcome = if let known = known[blob.digest] { known } else { try await outcome(of: blob, isNew: isNew) }
        // The blob can now be mounted from this repository into another one.
        try? store.remember(here, of: blob.digest)
        switch outcome {
        case .present: onEvent(.present(blob))
        case .mounted: onEvent(.mounted(blob))
        case .moved: onEvent(.moved(blob))
        }
        return outcome
    }

    private var here: BlobSource { BlobSource(registry: access.registry, repository: access.repository) }

    private func outcome(of blob: Descriptor, isNew: Bool) async throws(RegistryError) -> Outcome {
        let sources = try sources(of: blob)
        let neighbours = sources.filter { $0.registry == access.registry && $0 != here }
        // Try mounting first: if the blob is already here, a mount costs as much as asking, and a blob that another
        // repository has is usually not here yet.
        let isHere = sources.first == here
        if !isHere, let neighbour = neighbours.first, try await client.mount(blob, from: neighbour, access) {
            return .mounted
        }
        if !isNew, try await client.hasBlob(blob, access) {
            journal(blob).remove()
            return .present
        }
        for neighbour in isHere ? neighbours : Array(neighbours.dropFirst())
        where try await client.mount(blob, from: neighbour, access) {
            return .mounted
        }
        if store.contains(blob) {
            try await upload(blob, at: store.path(of: blob.digest)) { onEvent(.moving(blob, bytes: $0)) }
        } else {
            try await copy(blob, from: sources.filter { $0 != here })
        }
        return .moved
    }

    private func sources(of blob: Descriptor) throws(RegistryError) -> [BlobSource] {
        do { return try store.sources(of: blob.digest) } catch { throw RegistryError(.local, "\(error)") }
    }

    private func journal(_ blob: Descriptor) -> UploadSessionJournal {
        UploadSessionJournal(folder: store.folder.appending("uploads"), blob, access)
    }

    private func upload(
        _ blob: Descriptor, at path: FilePath, _ onProgress: @escaping @Sendable (Int64) -> Void
    ) async throws(RegistryError) {
        let file: BodyFile
        do throws(POSIXError) { file = try BodyFile(path) } catch { throw RegistryError(.local, error.description) }
        var upload = BlobUpload(client, blob, from: file, access, journal(blob), onProgress: onProgress)
        try await upload.run()
    }

    /// Copies a blob from another registry through a file, because a broken upload must be able to start again.
    private func copy(_ blob: Descriptor, from sources: [BlobSource]) async throws(RegistryError) {
        let temporary: TemporaryBlob
        do { temporary = try store.makeTemporaryBlob() } catch { throw RegistryError(.local, "\(error)") }
        // The download and the upload each count for half of the progress.
        try await client.download(blob, from: sources, to: temporary.path, in: store) {
            onEvent(.moving(blob, bytes: $0 / 2))
        }
        try await upload(blob, at: temporary.path) { onEvent(.moving(blob, bytes: (blob.size + $0) / 2)) }
    }
}
