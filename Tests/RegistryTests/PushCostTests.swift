import HTTP
import ImageStore
import OCI
import POSIX
import Registry
import TestSupport
import Testing

/// The number of requests of a push, each of which costs the user time.
@Suite struct PushCostTests {
    private let client = RegistryClient(credentials: .none, retries: .quick)

    @Test func `a second push of the same asks, and sends nothing`() async throws {
        let registry = try await DockerRegistry()
        let image = try SampleImage()
        let reference = try Reference("\(registry.host)/app:1")
        try await client.push(image.descriptor, from: image.store, to: reference)
        let first = try await registry.calls(atLeast: 14).count
        try await client.push(image.descriptor, from: image.store, to: reference)
        let second = try await registry.calls(atLeast: first + 6).dropFirst(first)
        #expect(second.allSatisfy { $0.hasPrefix("HEAD") }, "\(second)")
        #expect(second.count == 6)
    }

    @Test func `a blob at a storage that takes no HEAD is found all the same`() async throws {
        let stage = try await Stage(Scenario("no HEAD", tokens: .init()) { [.blobs(signedForGETAt: $0)] })
        let image = try SampleImage()
        let reference = try Reference("\(stage.registry.host)/app:1")
        try await stage.client.push(image.descriptor, from: image.store, to: reference)
        let received = stage.registry.received
        try await stage.client.push(image.descriptor, from: image.store, to: reference)
        #expect(stage.registry.received == received)
        try await stage.client.check(reference, platform: .current)
        stage.expectNoLeak()
    }

    @Test func `a small layer on a base of the same registry costs ten requests at most and moves no byte of it`()
        async throws
    {
        let registry = try await DockerRegistry()
        let image = try SampleImage(layers: [3_000_000, 1_000_000])
        try await client.push(image.descriptor, from: image.store, to: try Reference("\(registry.host)/base:1"))
        let before = try await registry.calls(atLeast: 11).count
        // As on another machine, whose store only records the repository of the base.
        try image.forgetSources()
        try image.leaveLayer(0, at: registry.host, "base")
        let events = Events()
        try await client.push(
            image.descriptor, from: image.store, to: try Reference("\(registry.host)/top:1"), onEvent: events.note)
        #expect(events.mounted == [image.manifest.layers[0].digest])
        let calls = try await registry.calls(atLeast: before + 8).dropFirst(before)
        #expect(calls.count <= 10, "\(calls)")
    }

    @Test func `what was pushed to one repository is mounted into the next`() async throws {
        let registry = try await DockerRegistry()
        let image = try SampleImage()
        try await client.push(image.descriptor, from: image.store, to: try Reference("\(registry.host)/one:1"))
        let events = Events()
        try await client.push(
            image.descriptor, from: image.store, to: try Reference("\(registry.host)/two:1"), onEvent: events.note)
        #expect(Set(events.mounted).isSuperset(of: image.manifest.layers.map(\.digest)))
        #expect(events.moved.isEmpty)
    }
}
