import Definitions
import ImageStore
import JSON
import OCI
import POSIX
import Registry
import Wording

/// Pushes images of the store, for `push` and `build --push`.
struct ImagePush: Sendable {
    let store: ImageStore
    let settings: Settings
    let login: RegistryLoginOptions
    let connection: RegistryConnectionOptions
    var jobs = 4
    var chunkSize: ByteCount?
    let digestTag: DigestTagOptions
    /// The push that started while the image was built, with its client.
    var early: (push: EarlyPush, client: RegistryClient)?

    /// The pushed image; its description is `repository@digest`.
    struct Result: CustomStringConvertible {
        let reference: Reference
        let digest: Digest
        let tags: [String]
        let totals: TransferProgress.Totals

        var description: String { "\(reference.name)@\(digest)" }

        var json: JSONValue {
            [
                "repository": .string(reference.name), "digest": .string(digest.description),
                "tags": .array(tags.map(JSONValue.string)), "blobs": .integer(totals.blobs),
                "present": .integer(totals.present), "mounted": .integer(totals.mounted),
                "sent": .integer(totals.moved), "sent_bytes": .integer(totals.movedBytes),
            ]
        }
    }

    /// Starts to push blobs while the image is still being built; `warn` gets the reason if the push will fail.
    mutating func begin(_ reference: Reference, warn: @escaping @Sendable (String) -> Void) throws -> EarlyPush {
        let client = try client(for: reference)
        let push = try EarlyPush(client, from: store, to: reference) {
            warn("the image will not get into \(reference.name) so: \($0.reason)")
        }
        early = (push, client)
        return push
    }

    private func client(for reference: Reference) throws -> RegistryClient {
        try connection.client(
            try login.credentials(for: reference.registry, settings), jobs: jobs, chunkSize: chunkSize)
    }

    /// Pushes the image that has this name in the store.
    func push(_ reference: Reference) async throws -> Result {
        guard let image = try store.find(reference.description) else {
            throw RegistryError(
                .notFound, "push \(reference)",
                "no image here has this name; type: caasctl build IMAGE --tag \(reference)")
        }
        return try await push(image, to: reference)
    }

    /// Pushes an image of the store by its descriptor.
    func push(_ image: Descriptor, to reference: Reference) async throws -> Result {
        let progress = TransferProgress("push \(reference)")
        let client = try early?.client ?? client(for: reference)
        try await client.push(
            image, from: store, to: reference, after: early?.push, digestTag: digestTag.digestTag,
            onEvent: progress.note)
        progress.finish()
        return Result(
            reference: reference, digest: image.digest, tags: digestTag.tell(reference, image.digest),
            totals: progress.totals)
    }
}
