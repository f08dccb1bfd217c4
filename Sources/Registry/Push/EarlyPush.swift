public import HTTP
public import ImageStore
public import OCI
import Synchronization

/// Blobs that go to a registry while the image that they belong to is still being made.
///
/// Nothing here fails: what does not get through is sent by the push of the whole image, which says why it cannot be.
public final class EarlyPush: Sendable {
    private let client: RegistryClient
    private let access: RepositoryAccess
    private let store: ImageStore
    private let tasks = Mutex<[Task<Digest?, Never>]>([])
    /// What was made before and waits to be sent, one after the other: what is being made goes first.
    private let waiting: AsyncStream<Descriptor>.Continuation

    /// An early push into the repository of a reference.
    public init(_ client: RegistryClient, from store: ImageStore, to reference: Reference) throws(RegistryError) {
        self.client = client
        self.store = store
        access = try client.access(reference, Scope.push)
        let (blobs, waiting) = AsyncStream.makeStream(of: Descriptor.self)
        self.waiting = waiting
        let transfer = BlobTransfer(client, access, store, []) { _ in }
        let task = Task<Digest?, Never> {
            for await blob in blobs {
                // One refusal is enough to know that the others would be refused too.
                do { _ = try await transfer.bring(blob) } catch { return nil }
            }
            return nil
        }
        tasks.withLock { $0.append(task) }
    }

    /// Sends a blob while it is written to a file.
    ///
    /// What is returned must be called once: with the blob when it is in the store, or with nil when it will never be.
    public func begin(_ file: GrowingFile) -> @Sendable (Descriptor?) -> Void {
        let (blobs, made) = AsyncStream.makeStream(of: Descriptor?.self)
        // A proxy that takes only short bodies takes no endless one.
        guard client.chunkSize == nil else {
            return { blob in if let blob { self.add(blob) } }
        }
        let task = Task { [client, access] () -> Digest? in
            let stream = BlobStream(client, access)
            let session = try? await stream.send(file)
            for await case let blob? in blobs {
                if let session, (try? await stream.close(session, as: blob)) == true { return blob.digest }
                self.add(blob)
                return nil
            }
            if let session { await stream.cancel(session) }
            return nil
        }
        tasks.withLock { $0.append(task) }
        return { blob in
            made.yield(blob)
            made.finish()
        }
    }

    /// Sends a blob that is in the store.
    public func add(_ blob: Descriptor) { waiting.yield(blob) }

    /// Waits for everything under way, and tells what the registry took in this way.
    func finish() async -> Set<Digest> {
        let all = tasks.withLock { $0 }
        var sent: Set<Digest> = []
        for task in all.dropFirst() { if let digest = await task.value { sent.insert(digest) } }
        waiting.finish()
        _ = await all.first?.value
        return sent
    }
}
