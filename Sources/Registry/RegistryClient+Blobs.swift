import HTTP
import ImageStore
import OCI
import POSIX

/// Asking for blobs and sending them.
extension RegistryClient {
    /// True where the repository has the blob.
    func hasBlob(_ blob: Descriptor, _ access: RepositoryAccess) async throws(RegistryError) -> Bool {
        let request = HTTPRequest("HEAD", access.url("blobs/\(blob.digest)"))
        let response = try await send(request, access)
        if response.status == 403, response.url.authority != request.url.authority {
            return try await hasFirstByte(of: blob, access)
        }
        if response.isSuccess {
            // A page that answers everything with 200, as a network's sign-in does, has not the blob's length. Nothing
            // is what those say who say nothing.
            let length = response.headers["Content-Length"].flatMap { Int64($0) } ?? 0
            return length == 0 || length == blob.size
        }
        guard response.status == 404 else { throw await refusal(request, response, access) }
        return false
    }

    /// True where the storage that the registry refers to gives a byte of the blob.
    ///
    /// It may have been told that it would be asked by GET, and S3 says 403 of what is missing to whoever may not list.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>
    private func hasFirstByte(
        of blob: Descriptor, _ access: RepositoryAccess
    ) async throws(RegistryError) -> Bool {
        var request = HTTPRequest("GET", access.url("blobs/\(blob.digest)"))
        request.headers["Range"] = "bytes=0-0"
        let response = try await send(request, access)
        if response.isSuccess { return response.body.count == 1 }
        guard [403, 404].contains(response.status) else { throw await refusal(request, response, access) }
        return false
    }

    /// Asks the registry to take a blob over from another of its repositories; false where it would not.
    ///
    /// Never without `from`, which Quay refuses. An answer of 202 is an offer to upload, which we do in a session of
    /// our own; any refusal too means only that the bytes must be sent.
    func mount(
        _ blob: Descriptor, from other: BlobSource, _ access: RepositoryAccess
    ) async throws(RegistryError) -> Bool {
        let access = access.mounting(from: other.repository)
        let url = access.url("blobs/uploads/?mount=\(blob.digest)&from=\(other.repository)")
        let request = HTTPRequest("POST", url)
        let response: HTTPResponse
        do throws(RegistryError) { response = try await send(request, access) } catch {
            // A token server may refuse both scopes where one of them is not ours.
            guard error.code == .unauthorized else { throw error }
            return false
        }
        if response.status == 202, let session = try? location(in: response, of: request, access) {
            await cancel(UploadSession(location: session), access)
        }
        return response.status == 201
    }

    /// Sends a request that must not arrive twice, with a token that lives on.
    func sendOnce(_ request: HTTPRequest, _ access: RepositoryAccess) async throws(RegistryError) -> HTTPResponse {
        // A token is looked at when a request begins, which for a long one may be long after the last.
        try await authorized(request, access, margin: 30) { [http, pace] (request) throws(RegistryError) in
            try await http.send(request, retrying: .never, pace: pace, orElse: .unreachable)
        }
    }

    /// Ends an upload that nobody goes on with, as the specification asks; a registry that cannot do it forgets the session
    /// by itself. <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#canceling-a-blob-upload>
    func cancel(_ session: UploadSession, _ access: RepositoryAccess) async {
        _ = try? await send(HTTPRequest("DELETE", session.location), access, retrying: false)
    }

    /// Where the registry wants what comes next.
    func location(
        in response: HTTPResponse, of request: HTTPRequest, _ access: RepositoryAccess
    ) throws(RegistryError) -> HTTPURL {
        guard let location = response.headers["Location"] else {
            throw RegistryError(.refused, "\(request.name) answered \(response.status) without a Location")
        }
        let session: HTTPURL
        do throws(HTTPError) { session = try response.url.resolving(location) } catch {
            throw RegistryError(
                .refused, "\(request.name) answered with a Location that is no URL: \(error.reason)")
        }
        guard access.endpoint.mayRefer(to: session) else {
            throw RegistryError(.refused, "the registry refers to \(session), where we may not send anything")
        }
        return session
    }
}
