import HTTP
import OCI

/// One blob that is sent while it is made: nobody knows its length and digest before it is whole.
///
/// One PATCH without a Content-Range carries all of it, as docker's own pushes do, and the PUT that closes the session
/// brings the digest. A stream that breaks is not mended: once the blob is whole, ``BlobUpload`` sends it.
/// Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-blobs>.
struct BlobStream: Sendable {
    private let client: RegistryClient
    private let access: RepositoryAccess

    init(_ client: RegistryClient, _ access: RepositoryAccess) {
        self.client = client
        self.access = access
    }

    /// Sends what is written to the file until that ends; returns the session that has all of it.
    func send(_ file: GrowingFile) async throws(RegistryError) -> UploadSession {
        let begin = HTTPRequest("POST", access.url("blobs/uploads/"))
        let begun = try await client.send(begin, access)
        guard begun.status == 202 else { throw await client.refusal(begin, begun, access) }
        let session = UploadSession(location: try client.location(in: begun, of: begin, access))
        do throws(RegistryError) { return try await send(file, in: session) } catch {
            if error.code != .cancelled { await cancel(session) }
            throw error
        }
    }

    private func send(_ file: GrowingFile, in session: UploadSession) async throws(RegistryError) -> UploadSession {
        var session = session
        var request = BlobUpload.request("PATCH", session.location, .growing(file))
        request.onUpload = nil
        let response = try await client.sendOnce(request, access)
        guard response.isSuccess else { throw await client.refusal(request, response, access) }
        if response.headers["Location"] != nil {
            session.location = try client.location(in: response, of: request, access)
        }
        if let received = UploadSession.received(response.headers) { session.offset = received }
        return session
    }

    /// Names what was sent; false where the registry has something else, or will not have it.
    func close(_ session: UploadSession, as blob: Descriptor) async throws(RegistryError) -> Bool {
        // A Range that tells less is left to the digest, which is never wrong.
        guard session.offset <= blob.size else {
            await cancel(session)
            return false
        }
        let request = BlobUpload.request("PUT", session.closing("\(blob.digest)"), .empty)
        do throws(RegistryError) {
            if try await client.sendOnce(request, access).status == 201 { return true }
        } catch {
            if error.code != .cancelled { await cancel(session) }
            throw error
        }
        await cancel(session)
        return false
    }

    /// Gives back what will not be closed.
    func cancel(_ session: UploadSession) async { await client.cancel(session, access) }
}
