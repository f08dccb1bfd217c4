import ArgumentParser
import ObjectStorage
import POSIX
import Timestamps

/// `caasctl storage uploads`: commands for multipart uploads that were never completed.
struct StorageUploads: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "uploads", abstract: "List and abort multipart uploads that were never completed.",
        discussion: """
            A large file is uploaded in parts, which become an object in the last step. If a lost response or a killed \
            process prevents that step, the parts take space, cost money and appear in no listing of objects, until \
            the upload is aborted or a lifecycle rule of the bucket removes it.
            """,
        subcommands: [StorageUploadsList.self, StorageUploadsAbort.self])
}

/// The unfinished multipart uploads below a place.
struct UnfinishedUploads {
    /// An upload with the parts and bytes that the server has of it.
    struct Item: Sendable {
        let upload: MultipartUpload
        let parts: Int
        let bytes: Int64
    }

    let place: OpenStore
    let store: any MultipartStore
    private let action: String

    init(_ place: OpenStore) throws(StorageError) {
        action = "list the unfinished uploads of \(place.name)"
        guard let store = place.store as? any MultipartStore else {
            throw StorageError(
                .other, action, "only a bucket has them; what a folder has unfinished the next copy sweeps")
        }
        self.place = place
        self.store = store
    }

    /// Returns the uploads that satisfy `isWanted` with their sizes, the oldest first.
    ///
    /// Uploads that end in the meantime are left out.
    func items(where isWanted: (MultipartUpload) -> Bool = { _ in true }) async throws(StorageError) -> [Item] {
        let uploads = try await store.multipartUploads(place.key).filter(isWanted)
        let store = store
        let items = try await BoundedTasks.run(uploads.count, atOnce: 16) {
            (index) async throws(StorageError) -> Item? in
            guard let sent = try await store.partsSent(uploads[index]) else { return nil }
            return Item(upload: uploads[index], parts: sent.count, bytes: sent.bytes)
        }
        return items.compactMap(\.self).sorted { ($0.upload.started?.seconds ?? 0) < ($1.upload.started?.seconds ?? 0) }
    }
}
