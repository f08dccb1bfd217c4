import HTTP
import ImageStore
import OCI
import POSIX

/// Checking for blobs, mounting them and uploading them.
extension RegistryClient {
    /// Returns whether the repository has the blob.
    func hasBlob(_ blob: Descriptor, _ access: RepositoryAccess) async throws(RegistryError) -> Bool {
        let request = HTTPRequest("HEAD", access.url("blobs/\(blob.digest)"))
        let response = try await send(request, access)
        if response.status == 403, response.url.authority != request.url.authority {
            return try await hasFirstByte(of: blob, access)
        }
        if response.isSuccess {
            // A captive portal answers every request with 200, but not with the blob's Content-Length. Servers that
            // omit the length count as 0.
            let length = response.headers["Content-Length"].flatMap { Int64($0) } ?? 0
            return length == 0 || length == blob.size
        }
        guard response.status == 404 else { throw await refusal(request, response, access) }
        return false
    }

    /// Returns whether the storage that the registry redirects to returns a byte of the blob.
    ///
    /// The URL may be signed for GET only, so that a HEAD fails. S3 also answers 403 for a missing object if the caller
    /// may not list the bucket: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>
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

    /// Asks the registry to mount a blob from another of its repositories; returns false if it does not.
    ///
    /// The request always has `from`, since Quay rejects it otherwise. A 202 offers an upload session, which is
    /// cancelled: the upload opens its own. Any refusal only means that the bytes must be sent.
    func mount(
        _ blob: Descriptor, from other: BlobSource, _ access: RepositoryAccess
    ) async throws(RegistryError) -> Bool {
        let access = access.mounting(from: other.repository)
        let url = access.url("blobs/uploads/?mount=\(blob.digest)&from=\(other.repository)")
        let request = HTTPRequest("POST", url)
        let response: HTTPResponse
        do throws(RegistryError) { response = try await send(request, access) } catch {
            // A token server may refuse both scopes if the user has no access to one of the repositories.
            guard error.code == .unauthorized else { throw error }
            return false
        }
        if response.status == 202, let session = try? location(in: response, of: request, access) {
            await cancel(UploadSession(location: session), access)
        }
        return response.status == 201
    }

    /// Sends a request that must not arrive twice, with a token that is still valid for 30 seconds.
    func sendOnce(_ request: HTTPRequest, _ access: RepositoryAccess) async throws(RegistryError) -> HTTPResponse {
        // A registry checks the token when a request begins, which may be long after the previous request if that one
        // was long.
        try await authorized(request, access, margin: 30) { [http, pace] (request) throws(RegistryError) in
            try await http.send(request, retrying: .never, pace: pace, orElse: .unreachable)
        }
    }

    /// Cancels an upload session, as the specification asks.
    ///
    /// A registry that cannot do it drops the session by itself.
    /// Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#canceling-a-blob-upload>.
    func cancel(_ session: UploadSession, _ access: RepositoryAccess) async {
        _ = try? await send(HTTPRequest("DELETE", session.location), access, retrying: false)
    }

    /// Returns the URL for the session's next request, from the Location field.
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
