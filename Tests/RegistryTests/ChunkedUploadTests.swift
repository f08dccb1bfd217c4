import CLinux
import HTTP
import ImageStore
import OCI
import POSIX
import Registry
import SystemPackage
import TestSupport
import Testing

/// A blob gets through, whatever a registry or a proxy thinks of long requests.
@Suite struct ChunkedUploadTests {
    private static let size = 4_000_000
    private static let habits: [(ChunkRegistry.Habits, Int64?)] = [
        (.init(name: "takes wholes"), nil),
        (.init(name: "takes parts"), 400_000),
        (.init(name: "wants longer parts", leastPart: 1_200_000), 400_000),
        (.init(name: "ECR", answersCreated: true, freezesRange: true), 400_000),
        (.init(name: "loses parts", dropsParts: true), 400_000),
        (.init(name: "Artifact Registry", refusesParts: true), 400_000),
        (.init(name: "GHCR", longestPart: 1_100_000, refusesCancelling: true), 2_000_000),
        (.init(name: "a proxy with a limit of length", longestBody: 1_500_000), 2_000_000),
        (.init(name: "a proxy with a limit of time", breaksAfter: 2_000_000), nil),
        (
            .init(
                name: "a proxy with a limit of time, and the registry keeps what came", breaksAfter: 2_000_000,
                keepsBroken: true), nil
        ),
        (.init(name: "answers are lost", losesAnswer: 3), 400_000),
        (.init(name: "answers are lost, and the status is unknown", knowsStatus: false, losesAnswer: 13), 400_000),
    ]

    private func client(_ chunkSize: Int64?) -> RegistryClient {
        RegistryClient(credentials: .none, retries: .quick, chunkSize: chunkSize)
    }

    @Test(arguments: habits)
    func `the blob arrives whole`(_ habits: ChunkRegistry.Habits, chunkSize: Int64?) async throws {
        let registry = try await ChunkRegistry(habits)
        let image = try SampleImage(layers: [Self.size])
        try await client(chunkSize).push(
            image.descriptor, from: image.store, to: try Reference("\(registry.host)/app:1"))
        let digest = image.manifest.layers[0].digest
        #expect(registry.blobs[digest.description] == (try image.store.read(image.manifest.layers[0])))
        // Nothing is sent again without need.
        let limit =
            switch habits.name {
            case "takes wholes", "takes parts", "ECR", "GHCR", "answers are lost", "wants longer parts": 4_010_000
            case "a proxy with a limit of time, and the registry keeps what came": 4_200_000
            default: 9_000_000
            }
        #expect(registry.received <= limit, "\(registry.received)")
        #expect((try? FileSystem.names(in: image.store.folder.appending("uploads"))) ?? [] == [])
    }

    @Test func `a push that died is continued where the registry is`() async throws {
        let image = try SampleImage(layers: [Self.size])
        let registry = try await ChunkRegistry(.init(name: "takes parts"))
        let reference = try Reference("\(registry.host)/app:1")
        let first = Task {
            try await client(400_000).push(image.descriptor, from: image.store, to: reference)
        }
        let isHalf = try await eventually(every: 0.001) { registry.received > 1_000_000 ? true : nil }
        try #require(isHalf == true)
        // What a kill leaves is what the journal has by now: nothing is tidied up.
        first.cancel()
        _ = try? await first.value
        let before = registry.received
        guard registry.blobs[image.manifest.layers[0].digest.description] == nil else { return }
        let journal = try FileSystem.names(in: image.store.folder.appending("uploads"))
        #expect(journal.count == 1)
        try await client(400_000).push(image.descriptor, from: image.store, to: reference)
        #expect(registry.blobs[image.manifest.layers[0].digest.description]?.count == Self.size)
        #expect(registry.received <= Self.size + 410_000, "\(before) \(registry.received)")
    }

    @Test func `after kill -9 the next push goes on where the registry is`() async throws {
        let image = try SampleImage(layers: [Self.size])
        let registry = try await ChunkRegistry(.init(name: "takes parts", holdsAfter: 500_000))
        let reference = try Reference("\(registry.host)/app:1")
        try image.store.tag(image.descriptor, as: reference.description)
        let environment: [String: String?] = [
            "CAASCTL_HOME": image.folder.path.string, "HOME": image.folder.path.string, "REGISTRY_USERNAME": nil,
        ]
        let arguments = ["push", reference.description, "--chunk-size", "64KiB"]
        let first = try RunningProgram(
            Checkout.program("caasctl"), arguments, environment: environment, log: image.folder("log"))
        try #require(try await eventually { registry.hasHeld ? true : nil } == true)
        first.signal(SIGKILL)
        _ = try await eventually { first.status }
        let before = registry.received
        try #require(before < Self.size)
        try await Command(Checkout.program("caasctl"), arguments, environment: environment).succeed()
        #expect(registry.blobs[image.manifest.layers[0].digest.description]?.count == Self.size)
        // A part that was on its way may have come twice, the config is small.
        #expect(registry.received <= Self.size + 3 * 65_536, "\(before) \(registry.received)")
    }

    @Test func `a journal of nonsense, or of another host, is not followed`() async throws {
        let image = try SampleImage(layers: [Self.size])
        let registry = try await ChunkRegistry(.init(name: "takes parts"))
        let elsewhere = try await ChunkRegistry(.init(name: "elsewhere"))
        let reference = try Reference("\(registry.host)/app:1")
        let killed = Task { try await client(400_000).push(image.descriptor, from: image.store, to: reference) }
        _ = try await eventually(every: 0.001) { registry.received > 400_000 ? true : nil }
        killed.cancel()
        _ = try? await killed.value
        let folder = image.store.folder.appending("uploads")
        for name in try FileSystem.names(in: folder) {
            try FileSystem.write(
                Array(#"{"location":"\#(elsewhere.server.url("/upload/1").text)","begun":99999999999}"#.utf8),
                to: folder.appending(name))
        }
        try await client(nil).push(image.descriptor, from: image.store, to: reference)
        #expect(registry.blobs.count == 2 && elsewhere.blobs.isEmpty && elsewhere.count("PATCH") == 0)
    }

    @Test func `a blob that is damaged here is refused, and not sent for ever`() async throws {
        let image = try SampleImage(layers: [Self.size])
        let registry = try await ChunkRegistry(.init(name: "takes parts"))
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
