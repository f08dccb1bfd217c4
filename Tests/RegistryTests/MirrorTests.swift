import HTTP
import ImageStore
import OCI
import Registry
import TestSupport
import Testing
import Wording

/// Pulling from mirrors of an image's registry.
@Suite struct MirrorTests {
    private func client(_ mirrors: String...) throws -> RegistryClient {
        RegistryClient(credentials: .none, retries: .quick, mirrors: try RegistryMirrors(mirrors))
    }

    @Test func `an image comes from the mirror, whose own path is prefixed, and the registry is not asked`()
        async throws
    {
        let mirror = try await DockerRegistry()
        let origin = try await LoopbackServer { _ in .answer(500) }
        let image = try SampleImage()
        try await RegistryClient(credentials: .none)
            .push(image.descriptor, from: image.store, to: try Reference("\(mirror.host)/proxy/hub/me/app:1"))
        let store = try image.emptyStore()
        let reference = try Reference("\(origin.host)/me/app:1")
        let pulled = try await client("\(origin.host)=\(mirror.host)/proxy/hub")
            .pull(reference, platform: .current, into: store)
        #expect(pulled.reference == reference.pinned(to: image.descriptor.digest))
        #expect(image.manifest.layers.allSatisfy(store.contains))
        #expect(origin.requests.isEmpty)
    }

    @Test func `a mirror that is down, lacks the image or lies costs nothing but time`() async throws {
        let origin = try await DockerRegistry()
        let image = try SampleImage()
        let reference = try Reference("\(origin.host)/app:1")
        try await RegistryClient(credentials: .none).push(image.descriptor, from: image.store, to: reference)
        let empty = try await LoopbackServer { _ in .answer(404) }
        let lying = try await LoopbackServer { request in
            request.path.contains("/blobs/") ? .answer(200, text: "something else") : .answer(404)
        }
        let down = "127.0.0.1:\(FreePort.find(1)[0])"
        let store = try image.emptyStore()
        try await client("\(origin.host)=\(down)", "\(origin.host)=\(empty.host)", "\(origin.host)=\(lying.host)")
            .pull(reference, platform: .current, into: store)
        #expect(image.manifest.layers.allSatisfy(store.contains))
        #expect(!empty.requests.isEmpty && !lying.requests.isEmpty)
    }

    @Test func `where nobody has the image, all that was asked is said`() async throws {
        let (origin, mirror) = (
            try await LoopbackServer { _ in .answer(404) }, try await LoopbackServer { _ in .answer(403) }
        )
        let error = await #expect(throws: RegistryError.self) {
            try await client("\(origin.host)=\(mirror.host)")
                .resolve(try Reference("\(origin.host)/app:1"), platform: .current)
        }
        #expect(error?.code == .notFound)
        #expect(error?.description.contains("; mirror \(mirror.host): GET ") == true, "\(error?.description ?? "")")
    }

    @Test(arguments: ["docker.io", "=a", "docker.io=", "docker.io=a b", "docker.io=host/UPPER", "a=/", "a=//", "a=/b"])
    func `what is no mirror is refused`(text: String) {
        #expect(throws: Failure.self) { try RegistryMirrors([text]) }
    }

    @Test func `foreign layers come from where their descriptors say`() async throws {
        let content = Array("licensed".utf8)
        let elsewhere = try await LoopbackServer { _ in .answer(200, body: content) }
        let registry = try await LoopbackServer { _ in .answer(404) }
        let image = try SampleImage()
        let path = image.folder("foreign")
        var layer = Descriptor(
            mediaType: MediaType("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"),
            digest: Digest(of: content), size: Int64(content.count))
        layer.urls = ["\(elsewhere.url("/layer"))"]
        try await client().pullBlob(layer, from: try Reference("\(registry.host)/app:1"), to: path)
        #expect(elsewhere.requests.count == 1)
        #expect(elsewhere.requests.first?.headers["Authorization"] == nil)
    }
}
