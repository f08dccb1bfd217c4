import CLinux
import HTTP
import ImageStore
import OCI
import POSIX
import Registry
import SystemPackage
import TestSupport
import Testing

/// An interrupted upload is resumed, and one that cannot succeed ends with an error.
@Suite struct ChunkedUploadTests {
    private static let size = 4_000_000
    private func client(_ chunkSize: Int64?) -> RegistryClient {
        RegistryClient(credentials: .none, retries: .quick, chunkSize: chunkSize)
    }

    @Test func `a push that died is continued where the registry is`() async throws {
        let image = try SampleImage(layers: [Self.size])
        let hasHeld = Shared(false)
        let registry = try await StrictRegistry([.holds(after: 1_000_000, hasHeld)])
        let reference = try Reference("\(registry.host)/app:1")
        let first = Task { try await client(400_000).push(image.descriptor, from: image.store, to: reference) }
        try #require(try await eventually { hasHeld.withLock { $0 } ? true : nil } == true)
        // The journal now has what a killed process would leave, since no cleanup runs.
        first.cancel()
        _ = try? await first.value
        let before = registry.received
        let journal = try FileSystem.names(in: image.store.folder.appending("uploads"))
        #expect(journal.count == 1)
        try await client(400_000).push(image.descriptor, from: image.store, to: reference)
        #expect(registry.blobs[image.manifest.layers[0].digest.description]?.count == Self.size)
        #expect(registry.received <= Self.size + 10_000, "\(before) \(registry.received)")
        #expect(try FileSystem.names(in: image.store.folder.appending("uploads")).isEmpty)
    }

    @Test func `after kill -9 the next push goes on where the registry is`() async throws {
        let image = try SampleImage(layers: [Self.size])
        let hasHeld = Shared(false)
        let registry = try await StrictRegistry([.holds(after: 500_000, hasHeld)])
        let reference = try Reference("\(registry.host)/app:1")
        try image.store.tag(image.descriptor, as: reference.description)
        let environment: [String: String?] = [
            "CAASCTL_HOME": image.folder.path.string, "HOME": image.folder.path.string, "REGISTRY_USERNAME": nil,
        ]
        let arguments = ["push", reference.description, "--chunk-size", "64KiB"]
        let first = try RunningProgram(
            Checkout.program("caasctl"), arguments, environment: environment, log: image.folder("log"))
        try #require(try await eventually { hasHeld.withLock { $0 } ? true : nil } == true)
        first.signal(SIGKILL)
        _ = try await eventually { first.status }
        let before = registry.received
        try #require(before < Self.size)
        try await Command(Checkout.program("caasctl"), arguments, environment: environment).succeed()
        #expect(registry.blobs[image.manifest.layers[0].digest.description]?.count == Self.size)
        // A part in transit may arrive twice; the config is small.
        #expect(registry.received <= Self.size + 3 * 65_536, "\(before) \(registry.received)")
    }

    @Test func `a journal of nonsense, or of another host, is not followed`() async throws {
        let image = try SampleImage(layers: [Self.size])
        let hasHeld = Shared(false)
        let registry = try await StrictRegistry([.holds(after: 400_000, hasHeld)])
        let elsewhere = try await StrictRegistry()
        let reference = try Reference("\(registry.host)/app:1")
        let killed = Task { try await client(400_000).push(image.descriptor, from: image.store, to: reference) }
        try #require(try await eventually { hasHeld.withLock { $0 } ? true : nil } == true)
        killed.cancel()
        _ = try? await killed.value
        let folder = image.store.folder.appending("uploads")
        let place = elsewhere.server.url("/v2/app/blobs/uploads/session-1").text
        for name in try FileSystem.names(in: folder) {
            try FileSystem.write(
                Array(#"{"location":"\#(place)","begun":99999999999}"#.utf8), to: folder.appending(name))
        }
        try await client(nil).push(image.descriptor, from: image.store, to: reference)
        #expect(registry.blobs.count == 2 && elsewhere.blobs.isEmpty && elsewhere.count("PATCH", "/") == 0)
    }

    @Test func `a blob that is damaged here is refused, and not sent for ever`() async throws {
        let image = try SampleImage(layers: [Self.size])
        let registry = try await StrictRegistry()
        let path = image.store.path(of: image.manifest.layers[0].digest)
        var content = try FileSystem.read(path)
        content[7] ^= 1
        try FileSystem.write(content, to: path)
        let error = await #expect(throws: RegistryError.self) {
            try await client(nil).push(
                image.descriptor, from: image.store, to: try Reference("\(registry.host)/app:1"))
        }
        #expect(error?.description.contains("DIGEST_INVALID") == true, "\(error?.description ?? "")")
        #expect(registry.received <= 2 * Self.size + 10_000)
    }
}
