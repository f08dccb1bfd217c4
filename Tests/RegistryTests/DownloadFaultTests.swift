import Hashing
import HTTP
import JSON
import OCI
import POSIX
import Registry
import Secrets
import TestSupport
import Testing

/// Faults while an image is pulled.
@Suite struct DownloadFaultTests {
    let client = RegistryClient(credentials: .none, retries: .quick)
    let content = RandomBytes.make(400_000)
    var blob: Descriptor { Descriptor(mediaType: .layer, digest: Digest(of: content), size: Int64(content.count)) }

    @Test(arguments: [true, false])
    func `a download that breaks goes on where it broke, or begins anew`(hasRanges: Bool) async throws {
        let folder = try TemporaryFolder()
        let count = Shared(0)
        let registry = try await LoopbackServer { [content] request in
            guard request.path != "/v2/" else { return .answer(200) }
            let head = "HTTP/1.1 200 OK\r\nContent-Length: \(content.count)\r\n\r\n"
            if count.next() == 1 { return .bytes(Array(head.utf8) + content.prefix(150_000)) }
            guard hasRanges, let range = request.headers["Range"], let start = Int(range.filter(\.isNumber)) else {
                return .answer(200, body: content)
            }
            return .answer(
                206, ["Content-Range": "bytes \(start)-\(content.count - 1)/\(content.count)"],
                body: Array(content[start...]))
        }
        let path = folder("blob")
        try await client.pullBlob(blob, from: try Reference("\(registry.host)/app:1"), to: path)
        #expect(try FileSystem.read(path) == content)
        #expect(registry.requests.compactMap { $0.headers["Range"] } == ["bytes=150000-"])
    }

    @Test func `a blob with another content, too little or too much of it is refused`() async throws {
        let folder = try TemporaryFolder()
        let reasons = [
            (
                content.dropLast() + [content[399_999] ^ 1],
                "came as \(Digest(of: content.dropLast() + [content[399_999] ^ 1]))"
            ),
            (content.dropLast(), "has 399999 bytes at the registry, and should have 400000"),
            (content + [0], "is longer than its 400000 bytes"),
        ]
        for (lie, reason) in reasons {
            let registry = try await LoopbackServer { _ in .answer(200, body: Array(lie)) }
            let error = await #expect(throws: RegistryError.self) {
                try await client.pullBlob(blob, from: try Reference("\(registry.host)/app:1"), to: folder("blob"))
            }
            #expect(error?.code == .contentMismatch)
            #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
            // The request is not repeated, since the response would be the same.
            #expect(registry.requests.count == 1)
        }
    }

    @Test func `a blob is followed to storage elsewhere without our credentials`() async throws {
        let folder = try TemporaryFolder()
        let storage = try await LoopbackServer { [content] _ in .answer(200, body: content) }
        let registry = try await LoopbackServer { request in
            request.headers["Authorization"] == nil
                ? .answer(401, ["WWW-Authenticate": "Basic"])
                : .answer(307, ["Location": storage.url("/signed?x=1").text])
        }
        var credentials = RegistryCredentials.none
        credentials.add(.password(user: "me", Secret("a"), from: "a test"), for: registry.host)
        try await RegistryClient(credentials: credentials, retries: .quick)
            .pullBlob(blob, from: try Reference("\(registry.host)/app:1"), to: folder("blob"))
        #expect(storage.requests.map { $0.headers["Authorization"] } == [nil])
    }

    @Test func `a manifest that is not what its digest says is refused`() async throws {
        let image = try SampleImage(layers: [])
        let lie = Array(#"{"schemaVersion":2}"#.utf8)
        let registry = try await LoopbackServer { request in
            .answer(200, ["Docker-Content-Digest": image.descriptor.digest.description], body: lie)
        }
        for name in ["app:1", "app@\(image.descriptor.digest)"] {
            let error = await #expect(throws: RegistryError.self) {
                try await client.resolve(try Reference("\(registry.host)/\(name)"), platform: .current)
            }
            #expect(error?.code == .contentMismatch)
            #expect(error?.description.contains("promised \(image.descriptor.digest)") == true)
        }
    }

    @Test func `a registry without digests in its fields is as good as another`() async throws {
        let registry = try await StrictRegistry([.withoutDigests])
        let image = try SampleImage(layers: [10, 20])
        let reference = try Reference("\(registry.host)/app:1")
        try await client.push(image.descriptor, from: image.store, to: reference)
        let pulled = try await client.pull(reference, platform: .current, into: try image.emptyStore())
        #expect(pulled.descriptor == image.descriptor)
    }

    @Test(arguments: [
        ("text/html", "<html>Sign in</html>", "answered with no manifest"),
        (
            "application/vnd.docker.distribution.manifest.v1+prettyjws", #"{"schemaVersion":1}"#,
            "which is no image that we know"
        ),
        ("application/vnd.oci.image.manifest.v1+json", #"{"schemaVersion":2}"#, "'config' is missing"),
        (
            "application/vnd.oci.image.manifest.v1+json",
            #"{"schemaVersion":2,"config":{"digest":"sha512:00","size":1,"mediaType":"a"}}"#, "sha512:00"
        ),
    ])
    func `what is no image is refused`(type: String, body: String, reason: String) async throws {
        let registry = try await LoopbackServer { _ in .answer(200, ["Content-Type": type], text: body) }
        let error = await #expect(throws: RegistryError.self) {
            try await client.resolve(try Reference("\(registry.host)/app:1"), platform: .current)
        }
        #expect(error?.code == .unsuitable)
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    }

    @Test func `a manifest without end is refused`() async throws {
        let registry = try await LoopbackServer { request in
            request.path == "/v2/" ? .answer(200) : .answer(200, body: Array(repeating: 32, count: 5 << 20))
        }
        let error = await #expect(throws: RegistryError.self) {
            try await client.resolve(try Reference("\(registry.host)/app:1"), platform: .current)
        }
        #expect(error?.description.contains("longer than 4194304 bytes") == true)
    }

    @Test func `an image for another platform is refused, also without a list`() async throws {
        let registry = try await StrictRegistry()
        let image = try SampleImage(layers: [], platform: Platform("linux/s390x"))
        let reference = try Reference("\(registry.host)/app:1")
        try await client.push(image.descriptor, from: image.store, to: reference)
        let error = await #expect(throws: RegistryError.self) {
            try await client.check(reference, platform: Platform("linux/amd64"))
        }
        #expect(error?.description == "cannot pull \(reference): it is not for linux/amd64, only for linux/s390x")
    }
}
