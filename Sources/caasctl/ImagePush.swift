import Definitions
import ImageStore
import JSON
import OCI
import POSIX
import Registry
import Terminal

/// Pushes images of the store, as `push` and `build --push` do.
struct ImagePush: Sendable {
    let store: ImageStore
    let settings: Settings
    let login: RegistryLoginOptions
    let connection: RegistryConnectionOptions
    var jobs = 4
    var chunkSize: ByteCount?

    /// Where the image is now, which prints as `repository@digest`.
    struct Result: CustomStringConvertible {
        let reference: Reference
        let digest: Digest
        let totals: TransferProgress.Totals

        var description: String { "\(reference.name)@\(digest)" }

        var json: JSONValue {
            let tags = [reference.tag, digest.short].compactMap(\.self)
            return [
                "repository": .string(reference.name), "digest": .string(digest.description),
                "tags": .array(tags.map(JSONValue.string)), "blobs": .integer(totals.blobs),
                "present": .integer(totals.present), "mounted": .integer(totals.mounted),
                "sent": .integer(totals.moved), "sent_bytes": .integer(totals.movedBytes),
            ]
        }
    }

    /// Pushes the image that has this name.
    func push(_ reference: Reference) async throws -> Result {
        guard let image = try store.find(reference.description) else {
            throw RegistryError(
                .notFound, "push \(reference)",
                "no image here has this name; type: caasctl build IMAGE --tag \(reference)")
        }
        let progress = TransferProgress("push \(reference)")
        let client = connection.client(
            try login.credentials(for: reference.registry, settings), jobs: jobs, chunkSize: chunkSize)
        try await client.push(image, from: store, to: reference, onEvent: progress.note)
        progress.finish()
        return Result(reference: reference, digest: image.digest, totals: progress.totals)
    }
}
