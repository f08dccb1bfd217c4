import HTTP
import ImageStore
import OCI
import POSIX
import Registry
import SystemPackage
import TestSupport
import Testing

/// Layers that are pushed while they are written.
@Suite struct EarlyPushTests {
    private let client = RegistryClient(credentials: .none, retries: .quick)

    /// Sends each layer of an image as if it were being written now, and then the image.
    private func push(_ image: SampleImage, to reference: Reference, _ events: Events = Events()) async throws {
        let early = try EarlyPush(client, from: image.store, to: reference)
        for layer in image.manifest.layers { try await early.make(layer, of: image) }
        try await client.push(image.descriptor, from: image.store, to: reference, after: early, onEvent: events.note)
    }

    @Test func `each layer is one PATCH, whose digest comes with the PUT, and nothing is sent twice`() async throws {
        let registry = try await DockerRegistry()
        let image = try SampleImage(layers: [400_000, 2_000, 1])
        let reference = try Reference("\(registry.host)/app:1")
        let events = Events()
        try await push(image, to: reference, events)
        try await client.check(reference, platform: .current)
        #expect(Set(events.moved).isSuperset(of: image.manifest.layers.map(\.digest)))
        let calls = try await registry.calls(atLeast: 14)
        // PATCH, POST and PUT for each layer, POST and PUT for the config, and two tags; the check sent the rest.
        #expect(calls.filter { $0.hasPrefix("PATCH") }.count == 3)
        #expect(calls.filter { $0.hasPrefix("POST") }.count == 4)
        #expect(calls.filter { $0.hasPrefix("PUT") && $0.contains("/blobs/") }.count == 4)
        #expect(calls.filter { $0.hasPrefix("PUT") && $0.contains("/manifests/") }.count == 2)
    }

    @Test func `a registry that takes no streams gets the blobs when they are whole`() async throws {
        let registry = try await StrictRegistry([.artifactRegistry])
        let image = try SampleImage()
        try await push(image, to: try Reference("\(registry.host)/app:1"))
        for layer in image.manifest.layers {
            #expect(registry.blobs["\(layer.digest)"].map { Digest(of: $0) } == layer.digest)
        }
        #expect(registry.manifests["1"] != nil)
    }

    @Test(arguments: [ServerReply.close, .answer(500), .answer(413, text: "<h1>too much</h1>")])
    func `a stream that breaks in the middle costs one more sending and nothing else`(reply: ServerReply) async throws {
        let registry = try await StrictRegistry([
            Habit(interrupt: { $0.headers["Transfer-Encoding"] == "chunked" && $0.body.count > 100_000 ? reply : nil })
        ])
        let image = try SampleImage(layers: [400_000])
        try await push(image, to: try Reference("\(registry.host)/app:1"))
        let layer = image.manifest.layers[0]
        #expect(registry.blobs["\(layer.digest)"].map { Digest(of: $0) } == layer.digest)
        #expect(registry.received <= 2 * 400_000 + 10_000)
    }

    @Test func `a layer that is given up leaves no session behind`() async throws {
        let registry = try await DockerRegistry()
        let image = try SampleImage(layers: [10])
        let reference = try Reference("\(registry.host)/app:1")
        let early = try EarlyPush(client, from: image.store, to: reference)
        let growing = try GrowingFile(try image.folder.write("making", "some bytes"))
        growing.grow(to: 10)
        let finish = early.begin(growing)
        growing.abandon()
        finish(nil)
        try await client.push(image.descriptor, from: image.store, to: reference, after: early)
        try await client.check(reference, platform: .current)
    }

    @Test func `a layer that was in the store goes while others are made`() async throws {
        let registry = try await DockerRegistry()
        let image = try SampleImage()
        let reference = try Reference("\(registry.host)/app:1")
        let early = try EarlyPush(client, from: image.store, to: reference)
        for layer in image.manifest.layers { early.add(layer) }
        let events = Events()
        try await client.push(image.descriptor, from: image.store, to: reference, after: early, onEvent: events.note)
        #expect(Set(events.moved).isSuperset(of: image.manifest.layers.map(\.digest)))
    }
}
