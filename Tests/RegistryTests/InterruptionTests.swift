import HTTP
import OCI
import Registry
import TestSupport
import Testing

/// A real registry that is killed during a push.
@Suite struct InterruptionTests {
    @Test func `a registry that is killed is said to be gone, and the next push sends only what is missing`()
        async throws
    {
        let registry = try await DockerRegistry()
        let image = try SampleImage(layers: [10, 8_000_000, 9_000_000, 20, 7_000_000, 30, 6_000_000])
        let reference = try Reference("\(registry.host)/app:1")
        let client = RegistryClient(credentials: .none, retries: .quick, parallelism: 2)
        let events = Events()
        let error = await #expect(throws: RegistryError.self) {
            try await client.push(image.descriptor, from: image.store, to: reference) { event in
                events.note(event)
                if case .moved = event, events.moved.count == 3 { registry.kill() }
            }
        }
        #expect(error?.code == .unreachable)
        let text = try #require(error?.description)
        #expect(text.hasPrefix("cannot push \(reference): "))
        #expect(text.contains("http://\(registry.host)/v2/app/"))
        #expect(!text.contains("_state"))

        let again = try await DockerRegistry(reusing: registry)
        events.clear()
        try await client.push(image.descriptor, from: image.store, to: reference, onEvent: events.note)
        #expect(events.present.count >= 3)
        #expect(events.present.count + events.moved.count == 8)
        // The registry's log shows the same number.
        let uploads = again.log.split(separator: "\n").filter {
            $0.contains("response completed") && $0.contains("http.request.method=PUT")
                && $0.contains("/blobs/uploads/")
        }
        #expect(uploads.count == events.moved.count)
        try await client.check(reference, platform: .current)
    }

    @Test func `a push that is cancelled ends soon and leaves nothing of it here`() async throws {
        let registry = try await StrictRegistry(fault: { $0.method == "POST" ? .silence : nil })
        let image = try SampleImage(layers: [1000])
        let task = Task {
            try await RegistryClient(credentials: .none, retries: .quick)
                .push(image.descriptor, from: image.store, to: try Reference("\(registry.host)/app:1"))
        }
        _ = try await eventually { registry.count("POST", "/uploads/") > 0 ? true : nil }
        task.cancel()
        let error = await #expect(throws: RegistryError.self) { try await task.value }
        #expect(error?.code == .cancelled)
    }
}
