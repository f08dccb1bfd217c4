package import HTTP
package import ImageStore
package import OCI
import Synchronization

/// Uploads blobs of an image while the image is still being built.
///
/// Nothing here fails. The push of the whole image sends every blob that did not get through, and reports why if it
/// cannot.
package final class EarlyPush: Sendable {
    private let client: RegistryClient
    private let access: RepositoryAccess
    private let store: ImageStore
    private let onRefusal: @Sendable (RegistryError) -> Void
    private let isRefused = Mutex(false)
    private typealias Outcomes = [Digest: BlobTransfer.Outcome]
    private let tasks = Mutex<[Task<Outcomes, Never>]>([])
    /// Finished blobs that wait to be sent one after the other; blobs that are still being written go first.
    private let waiting: AsyncStream<Descriptor>.Continuation

    /// Starts an early push into the repository of a reference.
    ///
    /// `onRefusal` is called once if the credentials do not suffice, so that the user learns of it during the build.
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
                // After one refusal the others would be refused too.
                do { outcomes[blob.digest] = try await transfer.bring(blob) } catch { return outcomes }
            }
            return outcomes
        }
        tasks.withLock { $0.append(task) }
    }

    /// Sends a blob while it is being written to a file.
    ///
    /// Call the returned function once: with the blob when it is in the store, or with nil if it never will be.
    package func begin(_ file: GrowingFile) -> @Sendable (Descriptor?) -> Void {
        let (blobs, made) = AsyncStream.makeStream(of: Descriptor?.self)
        // A proxy that limits the length of bodies does not accept one of unknown length.
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

    /// Queues a blob that is in the store.
    package func add(_ blob: Descriptor) { waiting.yield(blob) }

    /// Waits for all uploads, and returns the outcomes of the blobs that the registry now has.
    func finish() async -> [Digest: BlobTransfer.Outcome] {
        let all = tasks.withLock { $0 }
        var outcomes: Outcomes = [:]
        for task in all.dropFirst() { outcomes.merge(await task.value) { $1 } }
        // By now, streams that broke have queued their blobs.
        waiting.finish()
        if let first = all.first { outcomes.merge(await first.value) { $1 } }
        return outcomes
    }
}
