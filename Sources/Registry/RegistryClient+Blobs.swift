import HTTP
import OCI
import POSIX

/// Asking for blobs and sending them.
extension RegistryClient {
    /// True where the repository has the blob.
    func hasBlob(_ blob: Descriptor, _ access: RepositoryAccess) async throws(RegistryError) -> Bool {
        let request = HTTPRequest("HEAD", access.url("blobs/\(blob.digest)"))
        let response = try await send(request, access)
        if response.isSuccess { return true }
        guard response.status == 404 else { throw await refusal(request, response, access) }
        return false
    }

    /// Asks the registry to take a blob over from another of its repositories; false where it would not.
    ///
    /// Never without `from`, which Quay refuses. An answer of 202 is an offer to upload, which we do in a session of
    /// our own; any refusal too means only that the bytes must be sent.
    func mount(_ blob: Descriptor, from other: Reference, to reference: Reference) async throws(RegistryError) -> Bool {
        let access = try RepositoryAccess(reference, Scope.push, mountingFrom: other.repository)
        let url = access.url("blobs/uploads/?mount=\(blob.digest)&from=\(other.repository)")
        let response: HTTPResponse
        do throws(RegistryError) { response = try await send(HTTPRequest("POST", url), access) } catch {
            // A token server may refuse both scopes where one of them is not ours.
            guard error.code == .unauthorized else { throw error }
            return false
        }
        if response.status == 202, let session = try? session(of: response, access) {
            // The specification asks for it; a registry that cannot do it forgets the session by itself.
            _ = try? await send(HTTPRequest("DELETE", session), access, retrying: false)
        }
        return response.status == 201
    }

    /// Sends a blob from a file, in a new session each time that the connection breaks.
    func upload(
        _ blob: Descriptor, from file: BodyFile, _ access: RepositoryAccess,
        onProgress: @escaping @Sendable (Int64) -> Void
    ) async throws(RegistryError) {
        for attempt in 0..<max(1, retries.attempts) {
            let isLast = attempt + 1 >= retries.attempts
            do throws(RegistryError) {
                let (request, response) = try await put(blob, from: file, access, onProgress)
                if response.status == 201 { return }
                let mayGoBetter =
                    response.status == 404 || response.isSuccess || RetryPolicy.isTransient(status: response.status)
                guard mayGoBetter, !isLast else { throw await refusal(request, response, access) }
                try await pause(after: attempt, response.headers)
            } catch {
                guard error.isTransient, !isLast else { throw error }
                try await pause(after: attempt)
            }
            // Only the answer may have been lost.
            if try await hasBlob(blob, access) { return }
        }
    }

    private func put(
        _ blob: Descriptor, from file: BodyFile, _ access: RepositoryAccess,
        _ onProgress: @escaping @Sendable (Int64) -> Void
    ) async throws(RegistryError) -> (HTTPRequest, HTTPResponse) {
        let start = HTTPRequest("POST", access.url("blobs/uploads/"))
        let started = try await send(start, access)
        guard started.status == 202 else { throw await refusal(start, started, access) }
        let session = try session(of: started, access)
        // The address may carry the session's state in its query, so that it is kept as it came, byte for byte.
        let separator = session.target.contains("?") ? "&" : "?"
        var request = HTTPRequest(
            "PUT", session.with(target: "\(session.target)\(separator)digest=\(blob.digest)"),
            headers: ["Content-Type": "application/octet-stream"],
            body: .file(file, offset: 0, length: blob.size))
        request.onUpload = onProgress
        // A session keeps what has arrived, so that the same bytes in the same session would be there twice.
        request.isSentOnce = true
        // Some registries copy what they got to its last place before they answer.
        request.stallSeconds = 300
        // A token is looked at when a request begins, which for a long one may be long after the last.
        let response = try await authorized(request, access, margin: 30) { [http] (request) throws(RegistryError) in
            try await http.send(request, retrying: .never, orElse: .unreachable)
        }
        return (request, response)
    }

    private func session(of response: HTTPResponse, _ access: RepositoryAccess) throws(RegistryError) -> HTTPURL {
        guard let location = response.headers["Location"] else {
            throw RegistryError(.refused, "POST \(response.url) answered \(response.status) without a Location")
        }
        let session: HTTPURL
        do throws(HTTPError) { session = try response.url.resolving(location) } catch {
            throw RegistryError(
                .refused, "POST \(response.url) answered with a Location that is no URL: \(error.reason)")
        }
        guard Endpoint.mayRefer(access.endpoint, to: session) else {
            throw RegistryError(.refused, "the registry refers to \(session), where we may not send anything")
        }
        return session
    }
}
