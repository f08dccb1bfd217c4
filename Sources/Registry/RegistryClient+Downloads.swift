import HTTP
import ImageStore
package import OCI
import POSIX
package import SystemPackage

extension RegistryClient {
    /// Fetches a blob into a file, which is replaced, and verifies its size and digest.
    ///
    /// A broken download is resumed. If this throws, the file may hold a part of the blob or other bytes.
    package func pullBlob(
        _ blob: Descriptor, from reference: Reference, to path: FilePath,
        onProgress: @escaping @Sendable (Int64) -> Void = { _ in }
    ) async throws(RegistryError) {
        do throws(RegistryError) { try await download(blob, from: reference, to: path, onProgress) } catch {
            throw error.during("pull \(reference.name)@\(blob.digest)")
        }
    }

    /// Fetches a blob from the first of several repositories that returns it.
    func download(
        _ blob: Descriptor, from sources: [BlobSource], to path: FilePath, in store: ImageStore,
        _ onProgress: @escaping @Sendable (Int64) -> Void
    ) async throws(RegistryError) {
        var failure = RegistryError(
            .local, "blob \(blob.digest) is missing in \(store.folder), and no repository is known to hold it")
        for source in sources {
            guard let place = try? Reference(registry: source.registry, repository: source.repository, tag: nil) else {
                continue
            }
            do throws(RegistryError) { return try await download(blob, from: place, to: path, onProgress) } catch {
                guard ![.cancelled, .local].contains(error.code) else { throw error }
                failure = error
            }
        }
        throw failure
    }

    /// Fetches a blob from a repository, one of its mirrors, or the URLs in the blob's descriptor.
    func download(
        _ blob: Descriptor, from reference: Reference, to path: FilePath,
        _ onProgress: @escaping @Sendable (Int64) -> Void
    ) async throws(RegistryError) {
        do throws(RegistryError) {
            try await read(reference) { (client, access) throws(RegistryError) in
                try await client.download(blob, at: access.url("blobs/\(blob.digest)"), access, to: path, onProgress)
            }
        } catch {
            guard error.code == .notFound, blob.mediaType.isForeign else { throw error }
            try await downloadForeign(blob, access(reference, Scope.pull), to: path, onProgress, or: error)
        }
    }

    /// Fetches a non-distributable layer from the descriptor's URLs, since registries need not store it.
    private func downloadForeign(
        _ blob: Descriptor, _ access: RepositoryAccess, to path: FilePath,
        _ onProgress: @escaping @Sendable (Int64) -> Void, or failure: RegistryError
    ) async throws(RegistryError) {
        var failure = failure
        for text in blob.urls {
            guard let url = try? HTTPURL(text), access.endpoint.mayRefer(to: url) else { continue }
            do throws(RegistryError) { return try await download(blob, at: url, access, to: path, onProgress) } catch {
                failure = error
            }
        }
        throw failure
    }

    private func download(
        _ blob: Descriptor, at url: HTTPURL, _ access: RepositoryAccess, to path: FilePath,
        _ onProgress: @escaping @Sendable (Int64) -> Void
    ) async throws(RegistryError) {
        let sink: BlobFileSink
        do throws(POSIXError) { sink = try BlobFileSink(blob, at: path, onProgress: onProgress) } catch {
            throw RegistryError(.local, error.description)
        }
        for attempt in 0..<max(1, retries.attempts) {
            let isLast = attempt + 1 >= retries.attempts
            var request = HTTPRequest("GET", url)
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

    /// Fetches a blob that fits into memory, such as a config.
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
