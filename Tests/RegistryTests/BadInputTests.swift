import CLinux
import HTTP
import ImageStore
import JSON
import OCI
import POSIX
import Registry
import SystemPackage
import TestSupport
import Testing

/// A defect of an image, a store or a disk ends in an error of one line, and no data is lost.
@Suite struct BadInputTests {
    private let client = RegistryClient(credentials: .none, retries: .quick)

    private func failure(_ body: () async throws -> Void) async throws -> String {
        let error = try #require(await #expect(throws: RegistryError.self) { try await body() })
        #expect(!error.description.contains { $0.isNewline })
        return error.description
    }

    @Test func `a manifest of more than 4 MiB is not pushed`() async throws {
        let registry = try await StrictRegistry()
        let image = try SampleImage(layers: [10])
        var manifest = image.manifest.json
        manifest["annotations"] = ["filler": .string(String(repeating: "x", count: 4 << 20))]
        let descriptor = try image.store.add(manifest.encoded(), mediaType: .imageManifest)
        let reference = try Reference("\(registry.host)/app:1")
        let text = try await failure { try await client.push(descriptor, from: image.store, to: reference) }
        #expect(text.hasPrefix("cannot push \(reference): ") && text.contains("\(4 << 20)"), "\(text)")
        #expect(registry.received == 0 && registry.repository("app").manifests.isEmpty)
    }

    @Test func `a tag that moves while an image is pulled leaves the image that it was`() async throws {
        let images = [try SampleImage(), try SampleImage()]
        let seen = Shared(0)
        let moving = Shared<(@Sendable () -> Void)?>(nil)
        // The first blob request moves the tag to another image.
        let registry = try await StrictRegistry([
            Habit(before: { request in
                if request.path.contains("/blobs/"), seen.next() == 1 { moving.withLock { $0 }?() }
                return nil
            })
        ])
        try registry.hold(images[0], as: "1")
        let (first, second) = (registry.repository("app"), try await Self.share(of: images[1]))
        moving.withLock { move in
            move = {
                registry.change { content in
                    content.repositories["app"] = .init(
                        blobs: first.blobs.merging(second.blobs) { $1 },
                        manifests: first.manifests.merging(second.manifests) { $1 }, tags: second.tags)
                }
            }
        }
        let reference = try Reference("\(registry.host)/app:1")
        let store = try images[0].emptyStore()
        let pulled = try await client.pull(reference, platform: .current, into: store)
        #expect(pulled.descriptor == images[0].descriptor)
        #expect(images[0].manifest.layers.allSatisfy(store.contains))
        #expect(try await client.resolve(reference, platform: .current).descriptor == images[1].descriptor)
    }

    @Test func `an image that is gone when its layers are wanted is said to be gone`() async throws {
        let image = try SampleImage()
        let registry = try await StrictRegistry()
        try registry.hold(image, as: "1")
        let store = try image.emptyStore()
        let reference = try Reference("\(registry.host)/app:1")
        let base = try await client.addBase(reference, platform: .current, to: store)
        registry.change { $0.repositories = [:] }
        let stored = try store.image(base.descriptor)
        let text = try await failure { try await client.fetchMissingLayers(of: stored, in: store) }
        #expect(text.hasPrefix("cannot fetch the layers of \(base.descriptor.digest): GET "), "\(text)")
        #expect(text.hasSuffix("answered 404 Not Found: blob_unknown (BLOB_UNKNOWN)"), "\(text)")
    }

    @Test func `an index that never ends is no image`() async throws {
        let registry = try await StrictRegistry()
        let image = try SampleImage(layers: [10])
        try registry.hold(image, as: "1")
        // Each index lists another one, like a registry that generates indexes on request.
        var descriptor = image.descriptor
        for _ in 0..<250 {
            let index = ImageIndex(manifests: [descriptor]).json
            let content = index.encoded()
            descriptor = Descriptor(mediaType: .imageIndex, digest: Digest(of: content), size: Int64(content.count))
            let digest = descriptor.digest.description
            registry.change {
                $0.repositories["app"]?.manifests[digest] = .init(
                    type: "\(MediaType.imageIndex)", bytes: content, json: index)
            }
        }
        let reference = try Reference("\(registry.host)/app@\(descriptor.digest)")
        let store = try image.emptyStore()
        let read = try await failure { _ = try await client.add(reference, platform: nil, to: store) }
        #expect(read == "cannot read image \(reference): it has more than 200 manifests")
        let looked = try await failure { _ = try await client.documents(of: reference) }
        #expect(looked == "cannot look at image \(reference): it has more than 200 manifests")
        #expect(registry.count("GET", "/manifests/") < 500)
    }

    @Test func `a store that lacks a layer cannot push it, and the tag stays where it was`() async throws {
        let registry = try await StrictRegistry()
        let image = try SampleImage(layers: [10, 20])
        try image.removeLayer(1)
        let reference = try Reference("\(registry.host)/app:1")
        let text = try await failure { try await client.push(image.descriptor, from: image.store, to: reference) }
        let missing = image.manifest.layers[1].digest
        #expect(
            text
                == "cannot push \(reference): blob \(missing) is missing in \(image.store.folder), and no repository is "
                + "known to hold it")
        #expect(registry.repository("app").tags.isEmpty && registry.repository("app").manifests.isEmpty)
    }

    @Test(.enabled(if: geteuid() == 0, "only root may mount a small file system"))
    func `a disk that is full ends a pull with its name, and later the pull goes through`() async throws {
        let image = try SampleImage(layers: [1_500_000])
        let registry = try await StrictRegistry()
        try registry.hold(image, as: "1")
        let disk = image.folder("disk")
        try FileSystem.makeFolder(disk)
        let mounted = try await Command("mount", ["-t", "tmpfs", "-o", "size=1m", "none", disk.string]).run()
        guard mounted.status == 0 else { try Test.cancel("mounting is not allowed: \(mounted.errors)") }
        let outcome = await Result { try await pullOntoFullDisk(image, registry, disk) }
        try await Command("umount", ["--lazy", disk.string]).succeed()
        try outcome.get()
    }

    private func pullOntoFullDisk(_ image: SampleImage, _ registry: StrictRegistry, _ disk: FilePath) async throws {
        let store = try ImageStore(at: disk.appending("store"))
        let reference = try Reference("\(registry.host)/app:1")
        let text = try await failure { try await client.pull(reference, platform: .current, into: store) }
        #expect(text.hasPrefix("cannot pull \(reference): ") && text.contains("No space left on device"), "\(text)")
        // The unfinished files have been removed.
        #expect(try FileSystem.names(in: store.folder.appending("tmp")).isEmpty)
        try await Command("mount", ["-o", "remount,size=8m", disk.string]).succeed()
        try await client.pull(reference, platform: .current, into: store)
        #expect(image.manifest.layers.allSatisfy(store.contains))
    }

    private static func share(of image: SampleImage) async throws -> StrictRegistry.Repository {
        let other = try await StrictRegistry()
        try other.hold(image, as: "1")
        return other.repository("app")
    }
}

extension Result where Failure == any Error {
    /// Creates the result of an asynchronous function that may throw.
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
