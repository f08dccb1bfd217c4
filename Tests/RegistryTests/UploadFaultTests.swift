import HTTP
import ImageStore
import OCI
import Registry
import Secrets
import TestSupport
import Testing

/// Faults while an image is pushed.
@Suite struct UploadFaultTests {
    let client = RegistryClient(credentials: .none, retries: .quick)

    @Test func `a connection that breaks in the middle of a blob is followed by a new session`() async throws {
        let registry = try await StrictRegistry([
            .artifactRegistry, .reset({ $0.method == "PUT" }, after: 300_000),
        ])
        let image = try SampleImage(layers: [2_000_000])
        let events = Events()
        try await client.push(
            image.descriptor, from: image.store, to: try Reference("\(registry.host)/app:1"), onEvent: events.note)
        #expect(registry.blobs.count == 2)
        // One session for the config, and two for the layer: one that broke, after which parts were refused, and one
        // for the whole blob.
        #expect(registry.count("POST", "/uploads/") == 3)
        #expect(events.bytes(of: image.manifest.layers[0].digest) == 2_000_000)
    }

    /// A push cancels sessions that it does not close, since they take space until the registry drops them.
    @Test(
        arguments: [
            ("a refusal", [.always(Habit.isClosing, .refusal(403, "DENIED"))], nil, false),
            ("a refusal of parts", [.always(Habit.method("PATCH"), .refusal(403, "DENIED"))], 400_000, false),
            ("another digest", [.always(Habit.isClosing, .refusal(400, "DIGEST_INVALID"))], nil, false),
            ("a break in the middle", [.reset(Habit.isClosing, after: 300_000, times: 1)], nil, true),
            ("answers that are lost", [.cutAnswer(Habit.isClosing, after: 0, times: 1)], nil, true),
        ] as [(String, [Habit], Int64?, Bool)])
    func `no upload stays open that nobody goes on with`(
        _ name: String, _ habits: [Habit], _ chunkSize: Int64?, _ succeeds: Bool
    ) async throws {
        let registry = try await StrictRegistry(habits)
        let image = try SampleImage(layers: [1_000_000])
        let client = RegistryClient(credentials: .none, retries: .quick, chunkSize: chunkSize)
        let reference = try Reference("\(registry.host)/app:1")
        let early = try EarlyPush(client, from: image.store, to: reference)
        let file = try GrowingFile(image.store.path(of: image.manifest.layers[0].digest))
        file.grow(to: image.manifest.layers[0].size)
        file.end()
        early.begin(file)(nil)
        do throws(RegistryError) {
            try await client.push(image.descriptor, from: image.store, to: reference, after: early)
            #expect(succeeds, "\(name)")
        } catch { #expect(!succeeds, "\(name): \(error)") }
        #expect(registry.sessions.isEmpty, "\(name): \(registry.sessions)")
    }

    @Test func `a blob whose answer was lost is not sent again`() async throws {
        let image = try SampleImage(layers: [1000])
        let digest = image.manifest.layers[0].digest
        let registry = try await StrictRegistry([.cutAnswer(Habit.method("PUT", "digest=\(digest)"), after: 0)])
        try await client.push(image.descriptor, from: image.store, to: try Reference("\(registry.host)/app:1"))
        #expect(registry.count("PUT", digest.description) == 1)
        #expect(registry.count("PUT", "/uploads/s") == 2)
    }

    @Test func `a session that is gone is replaced`() async throws {
        let gone = Shared(0)
        let registry = try await StrictRegistry(fault: { request in
            request.path.contains("/uploads/s") && gone.next() == 1
                ? .answer(404, text: #"{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}"#) : nil
        })
        let image = try SampleImage(layers: [])
        try await client.push(image.descriptor, from: image.store, to: try Reference("\(registry.host)/app:1"))
        #expect(registry.blobs.count == 1)
        #expect(registry.count("POST", "/uploads/") == 2)
    }

    @Test(arguments: ["0", "1"])
    func `too many requests are followed by the wait that the registry wants`(seconds: String) async throws {
        let count = Shared(0)
        let registry = try await StrictRegistry(fault: { request in
            request.method == "POST" && count.next() == 1 ? .answer(429, ["Retry-After": seconds]) : nil
        })
        let image = try SampleImage(layers: [])
        let started = ContinuousClock.now
        try await client.push(image.descriptor, from: image.store, to: try Reference("\(registry.host)/app:1"))
        #expect(registry.blobs.count == 1)
        #expect(ContinuousClock.now - started >= .seconds(Int(seconds) ?? 0))
    }

    @Test func `any refusal to mount means only that the bytes are sent`() async throws {
        for status in [202, 400, 404, 405] {
            let image = try SampleImage(layers: [500])
            let layer = image.manifest.layers[0]
            let content = try image.store.read(layer)
            let registry = try await StrictRegistry(fault: { request in
                if request.target.contains("mount=") {
                    return .answer(status, status == 202 ? ["Location": "/upload/offered"] : [:])
                }
                return request.line == "GET /v2/some/base/blobs/\(layer.digest)" ? .answer(200, body: content) : nil
            })
            try image.leaveLayer(0, at: registry.host, "some/base")
            try await client.push(image.descriptor, from: image.store, to: try Reference("\(registry.host)/app:1"))
            #expect(registry.blobs[layer.digest.description] == content)
            #expect(registry.count("POST", "?mount=\(layer.digest)&from=some/base") == 1)
            #expect(registry.count("DELETE", "/upload/offered") == (status == 202 ? 1 : 0))
        }
    }

    @Test func `a Location on another host gets the blob and no credentials`() async throws {
        let storage = try await LoopbackServer { _ in .answer(201) }
        let registry = try await StrictRegistry(fault: { request in
            if request.headers["Authorization"] == nil {
                return .answer(401, ["WWW-Authenticate": #"Basic realm="r""#])
            }
            if request.line.hasPrefix("PUT /v2/app/manifests/") { return .answer(201) }
            return request.method == "POST"
                ? .answer(202, ["Location": storage.url("/put?sig=a%2Fb&x").text]) : nil
        })
        var credentials = RegistryCredentials.none
        credentials.add(.password(user: "me", Secret("hunter2hunter2"), from: "a test"), for: registry.host)
        let image = try SampleImage(layers: [])
        try await RegistryClient(credentials: credentials, retries: .quick)
            .push(image.descriptor, from: image.store, to: try Reference("\(registry.host)/app:1"))
        let put = try #require(storage.requests.first)
        #expect(put.target == "/put?sig=a%2Fb&x&digest=\(image.manifest.config.digest)")
        #expect(put.headers["Authorization"] == nil)
        #expect(registry.server.requests.dropFirst().allSatisfy { $0.headers["Authorization"] != nil })
    }

    @Test func `a proxy's page about too large a body becomes one line`() async throws {
        let page = """
            <html>\r
            <head><title>413 Request Entity Too Large</title></head>\r
            <body><center><h1>Request   Entity Too Large</h1></center><hr>cloudflare</body></html>
            """
        let registry = try await StrictRegistry(
            interrupt: { request in
                request.path.contains("/uploads/s") && request.headers["Content-Length"] != "0"
                    ? .answer(413, ["Content-Type": "text/html"], text: page) : nil
            }, fault: { _ in nil })
        let image = try SampleImage(layers: [3_000_000])
        let reference = try Reference("\(registry.host)/app:1")
        let error = await #expect(throws: RegistryError.self) {
            try await client.push(image.descriptor, from: image.store, to: reference)
        }
        let text = try #require(error?.description)
        #expect(text.hasPrefix("cannot push \(reference): P") && text.contains("/v2/app/blobs/uploads/session-"))
        let words = "answered 413 Payload Too Large: 413 Request Entity Too Large Request Entity Too Large cloudflare; "
        #expect(text.contains(words + "the registry, or a proxy before it, takes no body of "), "\(text)")
        #expect(text.hasSuffix(" bytes: cut the layer with 'split' in image.yaml"), "\(text)")
        #expect(!text.contains("_state"))
    }

    @Test func `a registry that keeps another manifest than it got is caught`() async throws {
        let registry = try await StrictRegistry(fault: { request in
            request.line.hasPrefix("PUT /v2/app/manifests/")
                ? .answer(201, ["Docker-Content-Digest": "sha256:\(String(repeating: "0", count: 64))"]) : nil
        })
        let image = try SampleImage(layers: [])
        let error = await #expect(throws: RegistryError.self) {
            try await client.push(image.descriptor, from: image.store, to: try Reference("\(registry.host)/app:1"))
        }
        #expect(error?.code == .contentMismatch)
    }

    @Test func `nothing is sent where the store lacks a blob and knows no source`() async throws {
        let registry = try await StrictRegistry()
        let image = try SampleImage(layers: [10])
        let other = try SampleImage(layers: [], in: image.folder)
        try image.removeLayer(0)
        let error = await #expect(throws: RegistryError.self) {
            try await client.push(image.descriptor, from: other.store, to: try Reference("\(registry.host)/app:1"))
        }
        #expect(error?.code == .local)
        #expect(error?.description.contains("no repository is known to hold it") == true)
        #expect(registry.manifests.isEmpty)
    }
}
