package import HTTP
package import ImageStore
package import OCI
import Synchronization

/// Blobs that go to a registry while the image that they belong to is still being made.
///
/// Nothing here fails: what does not get through is sent by the push of the whole image, which says why it cannot be.
package final class EarlyPush: Sendable {
    private let client: RegistryClient
    private let access: RepositoryAccess
    private let store: ImageStore
    private let onRefusal: @Sendable (RegistryError) -> Void
    private let isRefused = Mutex(false)
    private typealias Outcomes = [Digest: BlobTransfer.Outcome]
    private let tasks = Mutex<[Task<Outcomes, Never>]>([])
    /// What was made before and waits to be sent, one after the other: what is being made goes first.
    private let waiting: AsyncStream<Descriptor>.Continuation

    /// An early push into the repository of a reference.
    ///
    /// `onRefusal` hears once of credentials that are not enough: whoever waits for the build would like to know.
    package init(
        _ client: RegistryClient, from store: ImageStore, to reference: Reference,
        onRefusal: @escaping @Sendable (RegistryError) -> Void = { _ in }
    ) throws(RegistryError) {
        self.onRefusal = onRefusal
        self.client = client
        self.store = store
        access = try client.access(reference, Scope.push)
        let (blobs, waiting) = AsyncStream.makeStream(of: Descriptor.self)
        self.waiting = waiting
        let transfer = BlobTransfer(client, access, store, [:]) { _ in }
        let task = Task {
            var outcomes: Outcomes = [:]
            for await blob in blobs {
                // One refusal is enough to know that the others would be refused too.
                do { outcomes[blob.digest] = try await transfer.bring(blob) } catch { return outcomes }
            }
            return outcomes
        }
        tasks.withLock { $0.append(task) }
    }

    /// Sends a blob while it is written to a file.
    ///
    /// What is returned must be called once: with the blob when it is in the store, or with nil when it will never be.
    package func begin(_ file: GrowingFile) -> @Sendable (Descriptor?) -> Void {
        let (blobs, made) = AsyncStream.makeStream(of: Descriptor?.self)
        // A proxy that takes only short bodies takes no endless one.
        guard client.chunkSize == nil else {
            return { blob in if let blob { self.add(blob) } }
        }
        let task = Task { [client, access] () -> Outcomes in
            let stream = BlobStream(client, access)
            var session: UploadSession?
            do throws(RegistryError) { session = try await stream.send(file) } catch { self.note(error) }
            for await case let blob? in blobs {
                if let session, (try? await stream.close(session, as: blob)) == true {
                    return [blob.digest: .moved]
                }
                self.add(blob)
                return [:]
            }
            if let session { await stream.cancel(session) }
            return [:]
        }
        tasks.withLock { $0.append(task) }
        return { blob in
            made.yield(blob)
            made.finish()
        }
    }

    private func note(_ error: RegistryError) {
        guard error.code == .unauthorized else { return }
        let isFirst = isRefused.withLock { isRefused in
            defer { isRefused = true }
            return !isRefused
        }
        if isFirst { onRefusal(error) }
    }

    /// Sends a blob that is in the store.
    package func add(_ blob: Descriptor) { waiting.yield(blob) }

    /// Waits for everything under way, and tells of which blobs the registry has them now.
    func finish() async -> [Digest: BlobTransfer.Outcome] {
        let all = tasks.withLock { $0 }
        var outcomes: Outcomes = [:]
        for task in all.dropFirst() { outcomes.merge(await task.value) { $1 } }
        // Streams that broke have added their blobs by now.
        waiting.finish()
        if let first = all.first { outcomes.merge(await first.value) { $1 } }
        return outcomes
    }
}
