import HTTP
import OCI

/// Uploads one blob while it is being written, before its length and digest are known.
///
/// One PATCH without a Content-Range carries the whole blob, as in docker's own pushes, and the PUT that closes the
/// session gives the digest. A stream that breaks is not resumed: ``BlobUpload`` sends the blob once it is complete.
/// Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-blobs>.
struct BlobStream: Sendable {
    private let client: RegistryClient
    private let access: RepositoryAccess

    init(_ client: RegistryClient, _ access: RepositoryAccess) {
        self.client = client
        self.access = access
    }

    /// Sends the bytes of a file until its writer finishes; returns the session that holds all of them.
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

    /// Closes the session with the blob's digest.
    ///
    /// Returns false if the registry holds other bytes, or does not accept the blob.
    func close(_ session: UploadSession, as blob: Descriptor) async throws(RegistryError) -> Bool {
        // A Range below the blob's size is tolerated: the registry verifies the digest anyway.
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

    /// Cancels a session that will not be closed.
    func cancel(_ session: UploadSession) async { await client.cancel(session, access) }
}
