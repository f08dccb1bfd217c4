import HTTP
import OCI

/// The upload of one blob into a repository, in whichever way the registry accepts.
///
/// It first sends the whole blob in one request. If that breaks off, or is too long for a proxy, it sends parts, each
/// from the offset that the registry reports. Each transient failure uses up one of the policy's attempts; the count
/// starts again whenever the registry's offset grows beyond its highest value so far.
/// Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-blobs>.
struct BlobUpload {
    let client: RegistryClient
    let blob: Descriptor
    let file: BodyFile
    let access: RepositoryAccess
    let journal: UploadSessionJournal?
    let onProgress: @Sendable (Int64) -> Void
    private var rule: ChunkRule
    private var session: UploadSession?
    private var failures = 0
    private var hasBegunAgain = false
    /// The highest offset that the registry has reported.
    private var furthest: Int64 = 0

    init(
        _ client: RegistryClient, _ blob: Descriptor, from file: BodyFile, _ access: RepositoryAccess,
        _ journal: UploadSessionJournal?, onProgress: @escaping @Sendable (Int64) -> Void
    ) {
        self.client = client
        self.blob = blob
        self.file = file
        self.access = access
        self.journal = journal
        self.onProgress = onProgress
        rule = ChunkRule(registry: access.registry, blobSize: blob.size, forced: client.chunkSize)
    }

    /// The result of one request.
    private enum Step {
        case advanced
        case done
        /// A refusal; the state of the session is no longer known.
        case refused(HTTPRequest, HTTPResponse)
    }

    mutating func run() async throws(RegistryError) {
        do throws(RegistryError) { try await bring() } catch {
            await leave(after: error)
            throw error
        }
    }

    /// Cancels the session of a failed upload, unless a later push can resume it.
    private mutating func leave(after error: RegistryError) async {
        guard let session, error.code != .cancelled, !error.isTransient else { return }
        if journal == nil || session.offset == 0 { await cancel() }
    }

    private mutating func bring() async throws(RegistryError) {
        await takeUp()
        while true {
            do throws(RegistryError) {
                switch try await step() {
                case .done:
                    journal?.remove()
                    return
                case .advanced: continue
                case .refused(let request, let response): try await recover(from: request, response)
                }
            } catch {
                guard error.isTransient else { throw error }
                try await pause(orThrow: error)
            }
            // The registry may have stored the blob, and only its response was lost.
            if try await client.hasBlob(blob, access) { return await finish() }
            await askWhereWeAre()
        }
    }

    private mutating func finish() async {
        // If only the response was lost, the session is already closed; but another push may have stored the blob.
        await cancel()
        onProgress(blob.size)
    }

    /// Resumes the session of an earlier push, if the registry still has it.
    private mutating func takeUp() async {
        guard let old = journal?.load(), access.endpoint.mayRefer(to: old.location) else { return }
        session = old
        await askWhereWeAre()
    }

    private mutating func step() async throws(RegistryError) -> Step {
        guard let session else { return try await begin() }
        if session.offset == 0, rule.size == nil || rule.size.map({ $0 >= blob.size }) == true {
            return try await sendWhole(session)
        }
        return session.offset < blob.size ? try await sendPart(session) : try await close(session)
    }

    private mutating func begin() async throws(RegistryError) -> Step {
        let request = HTTPRequest("POST", access.url("blobs/uploads/"))
        let response = try await client.send(request, access)
        guard response.status == 202 else {
            throw await client.refusal(request, response, access)
        }
        let new = UploadSession(location: try client.location(in: response, of: request, access))
        if let least = response.headers["OCI-Chunk-Min-Length"].flatMap({ Int64($0) }) { rule.demand(least) }
        session = new
        journal?.keep(new)
        return .advanced
    }

    private mutating func sendWhole(_ session: UploadSession) async throws(RegistryError) -> Step {
        let body = HTTPBody.file(file, offset: 0, length: blob.size)
        let request = request("PUT", session.closing("\(blob.digest)"), body, from: 0)
        let response = try await client.sendOnce(request, access)
        return response.status == 201 ? .done : .refused(request, response)
    }

    private mutating func sendPart(_ session: UploadSession) async throws(RegistryError) -> Step {
        let length = min(rule.size ?? blob.size, blob.size - session.offset)
        let body = HTTPBody.file(file, offset: session.offset, length: length)
        var request = request("PATCH", session.location, body, from: session.offset)
        request.headers["Content-Range"] = "\(session.offset)-\(session.offset + length - 1)"
        let response = try await client.sendOnce(request, access)
        // The specification demands 202; ECR answers 201.
        guard response.isSuccess else { return .refused(request, response) }
        var next = UploadSession(location: session.location, offset: session.offset + length)
        if response.headers["Location"] != nil {
            next.location = try client.location(in: response, of: request, access)
        }
        // ECR's Range does not grow although it has the bytes, so an unexpected value is checked with a status request.
        if let said = UploadSession.received(response.headers), said != next.offset {
            next.offset = try await status(of: next)?.offset ?? said
        }
        guard next.offset > session.offset, next.offset <= blob.size else { return try await giveUpParts() }
        advance(to: next)
        return .advanced
    }

    /// Starts again with one request for the whole blob, since the registry accepts parts but does not keep them.
    private mutating func giveUpParts() async throws(RegistryError) -> Step {
        await cancel()
        rule.giveUp()
        let error = RegistryError(.refused, "the registry takes parts of \(blob.digest) and does not keep them")
        try await pause(orThrow: error)
        return .advanced
    }

    private mutating func close(_ session: UploadSession) async throws(RegistryError) -> Step {
        let request = request("PUT", session.closing("\(blob.digest)"), .empty, from: blob.size)
        let response = try await client.sendOnce(request, access)
        return response.status == 201 ? .done : .refused(request, response)
    }

    private func request(_ method: String, _ url: HTTPURL, _ body: HTTPBody, from offset: Int64) -> HTTPRequest {
        var request = Self.request(method, url, body)
        request.onUpload = { [onProgress] sent in onProgress(offset + sent) }
        return request
    }

    /// Returns a request of an upload session, which is sent only once and has a long stall timeout.
    static func request(_ method: String, _ url: HTTPURL, _ body: HTTPBody) -> HTTPRequest {
        var request = HTTPRequest(method, url, headers: ["Content-Type": "application/octet-stream"], body: body)
        // A session keeps the bytes that arrived; a repeated request would add them twice.
        request.isSentOnce = true
        // Some registries copy the blob to its final place before they answer.
        request.stallSeconds = 300
        return request
    }

    private mutating func advance(to next: UploadSession) {
        session = next
        journal?.keep(next)
        if next.offset > furthest {
            furthest = next.offset
            failures = 0
        }
    }

    /// Prepares the next attempt after a refusal; throws the refusal if no attempt could succeed.
    private mutating func recover(from request: HTTPRequest, _ response: HTTPResponse) async throws(RegistryError) {
        let isPart = request.method == "PATCH"
        let refusal = await client.refusal(request, response, access)
        switch response.status {
        case 404: session = nil  // The registry has dropped the session.
        case 413:
            guard rule.shorten() else { throw refusal }
            await cancel()
            return
        case 416 where isPart:
            // Either the registry's offset differs, which its status shows, or the part was too long.
            let old = session
            await askWhereWeAre()
            if session?.offset == old?.offset, !rule.shorten() {
                await cancel()
                rule.giveUp()
            }
        case 400 where !hasBegunAgain, 405 where isPart, 501 where isPart:
            // The registry may not support parts, or their sum may be wrong. Or a first request that was refused for
            // its token may have left its bytes in the session. Only once: a damaged local blob would be refused each
            // time.
            hasBegunAgain = true
            await cancel()
            rule.giveUp()
        case 416: break  // The registry's offset differs on closing; the next status request corrects it.
        case let status where response.isSuccess || RetryPolicy.isTransient(status: status): break
        default: throw refusal
        }
        try await pause(orThrow: refusal, response.headers)
    }

    private mutating func pause(orThrow error: RegistryError, _ headers: HTTPHeaders? = nil) async throws(RegistryError)
    {
        failures += 1
        guard failures < client.retries.attempts else { throw error }
        try await client.pause(after: failures - 1, headers)
        // A whole blob that broke off may get through in parts.
        if session?.offset == 0 || session == nil { _ = rule.cut() }
    }

    /// Asks the registry for the session's offset; drops the session if the registry does not have it.
    private mutating func askWhereWeAre() async {
        guard let old = session else { return }
        var known: UploadSession?
        if rule.isAllowed {
            do throws(RegistryError) { known = try await status(of: old) } catch {
                // A server that fails to answer this would not answer a DELETE either.
                session = nil
                return
            }
        }
        guard let known, known.offset <= blob.size else { return await cancel() }
        if known.offset > 0 { _ = rule.cut() }
        // After a broken request for the whole blob, a second one must not go into the same session.
        if known.offset == 0 && rule.size == nil { await cancel() } else { advance(to: known) }
        onProgress(known.offset)
    }

    private func status(of session: UploadSession) async throws(RegistryError) -> UploadSession? {
        let request = HTTPRequest("GET", session.location)
        let response = try await client.send(request, access)
        guard response.status == 204, let received = UploadSession.received(response.headers) else { return nil }
        var session = UploadSession(location: session.location, offset: received)
        if response.headers["Location"] != nil {
            session.location = try client.location(in: response, of: request, access)
        }
        return session
    }

    /// Cancels the session, as the specification asks; a registry that cannot do it drops the session by itself.
    private mutating func cancel() async {
        if let session { await client.cancel(session, access) }
        session = nil
        journal?.remove()
    }
}
