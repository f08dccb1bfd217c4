import HTTP
public import OCI
import POSIX
public import SystemPackage

/// Fetching blobs.
extension RegistryClient {
    /// Fetches a blob into a file, whatever was there, and checks its length and digest; a broken answer is continued.
    ///
    /// Where it fails the file may hold a part of the blob, or something else: it counts only when this returns.
    public func pullBlob(
        _ blob: Descriptor, from reference: Reference, to path: FilePath,
        onProgress: @escaping @Sendable (Int64) -> Void = { _ in }
    ) async throws(RegistryError) {
        do throws(RegistryError) {
            try await download(blob, try self.access(reference, Scope.pull), to: path, onProgress: onProgress)
        } catch { throw error.during("pull \(reference.name)@\(blob.digest)") }
    }

    func download(
        _ blob: Descriptor, _ access: RepositoryAccess, to path: FilePath,
        onProgress: @escaping @Sendable (Int64) -> Void
    ) async throws(RegistryError) {
        let sink: BlobFileSink
        do throws(POSIXError) { sink = try BlobFileSink(blob, at: path, onProgress: onProgress) } catch {
            throw RegistryError(.local, error.description)
        }
        for attempt in 0..<max(1, retries.attempts) {
            let isLast = attempt + 1 >= retries.attempts
            var request = HTTPRequest("GET", access.url("blobs/\(blob.digest)"))
            if sink.received > 0 { request.headers["Range"] = "bytes=\(sink.received)-" }
            do throws(RegistryError) {
                let response = try await receive(request, access, into: sink)
                if response.isSuccess { return try sink.verify() }
                guard RetryPolicy.isTransient(status: response.status), !isLast else {
                    throw await refusal(request, response, access)
                }
                try await pause(after: attempt, response.headers)
            } catch {
                guard error.isTransient, !isLast else { throw error }
                try await pause(after: attempt)
            }
        }
    }

    private func receive(
        _ request: HTTPRequest, _ access: RepositoryAccess, into sink: BlobFileSink
    ) async throws(RegistryError) -> HTTPResponse {
        try await authorized(request, access, margin: 10) { [http, pace, retries] (request) throws(RegistryError) in
            do { try await pace.wait(for: request.url) } catch { throw RegistryError(.cancelled, "cancelled") }
            do throws(HTTPError) {
                let response = try await http.send(request, to: sink)
                pace.note(response, from: request.url, wait: retries.wait(after: 0, headers: response.headers))
                return response
            } catch { throw sink.failure ?? RegistryError(error, orElse: .unreachable) }
        }
    }

    /// Fetches a blob that is small enough to be held, such as a config.
    func smallBlob(_ blob: Descriptor, _ access: RepositoryAccess) async throws(RegistryError) -> [UInt8] {
        let limit = 8 << 20
        guard blob.size <= limit else {
            throw RegistryError(.unsuitable, "the config \(blob.digest) has \(blob.size) bytes, more than we read")
        }
        let request = HTTPRequest("GET", access.url("blobs/\(blob.digest)"))
        let response = try await send(request, access, limit: limit)
        guard response.isSuccess else { throw await refusal(request, response, access) }
        guard response.body.count == Int(blob.size), Digest(of: response.body) == blob.digest else {
            throw RegistryError(
                .contentMismatch, "blob \(blob.digest) came as \(Digest(of: response.body)), and was thrown away")
        }
        return response.body
    }
}
