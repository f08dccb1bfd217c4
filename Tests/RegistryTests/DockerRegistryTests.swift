import HTTP
import ImageStore
import JSON
import OCI
import POSIX
import Registry
import Secrets
import SystemPackage
import TestSupport
import Testing

/// Debian's registry accepts pushes, skopeo verifies them, and images that skopeo pushed can be pulled.
@Suite struct DockerRegistryTests {
    @Test func `skopeo copies what we pushed, by tag, digest and short digest`() async throws {
        let registry = try await DockerRegistry()
        let image = try SampleImage()
        let client = RegistryClient(credentials: .none)
        let reference = try Reference("\(registry.host)/some/app:1")
        try await client.push(image.descriptor, from: image.store, to: reference)
        let raw = try await Command(
            "skopeo", ["inspect", "--raw", "--tls-verify=false", "docker://\(reference)"]
        ).succeed()
        #expect(raw == image.manifest.json.text)
        for identifier in [":1", ":\(image.descriptor.digest.short)", "@\(image.descriptor.digest)"] {
            let copy = image.folder("copy\(identifier.prefix(9).filter(\.isHexDigit))")
            try await Command(
                "skopeo",
                [
                    "copy", "--preserve-digests", "--src-tls-verify=false", "docker://\(reference.name)\(identifier)",
                    "dir:\(copy)",
                ]
            ).succeed()
            for layer in image.manifest.layers {
                #expect(Digest(of: try FileSystem.read(copy.appending(layer.digest.hexadecimal))) == layer.digest)
            }
        }
    }

    @Test func `a second push sends nothing`() async throws {
        let registry = try await DockerRegistry()
        let image = try SampleImage()
        let reference = try Reference("\(registry.host)/app:1")
        let events = Events()
        for _ in 0..<2 {
            events.clear()
            try await RegistryClient(credentials: .none)
                .push(image.descriptor, from: image.store, to: reference, onEvent: events.note)
        }
        #expect(events.present.count == 4)
        #expect(events.moved.isEmpty)
    }

    @Test func `we pull what skopeo pushed`() async throws {
        let registry = try await DockerRegistry()
        let image = try SampleImage()
        try image.store.tag(image.descriptor, as: "localhost/app:1")
        try await Command(
            "skopeo",
            [
                "copy", "--preserve-digests", "--dest-tls-verify=false", "oci:\(image.store.folder):1",
                "docker://\(registry.host)/theirs/app:v1",
            ]
        ).succeed()
        let store = try image.emptyStore()
        let pulled = try await RegistryClient(credentials: .none)
            .pull(try Reference("\(registry.host)/theirs/app:v1"), platform: .current, into: store)
        #expect(pulled.descriptor == image.descriptor)
        #expect(pulled.reference.description == "\(registry.host)/theirs/app@\(image.descriptor.digest)")
        #expect(try store.image(image.descriptor).manifest == image.manifest)
        #expect(image.manifest.layers.allSatisfy(store.contains))
    }

    @Test func `an index goes with its children, and is found again by platform`() async throws {
        let registry = try await DockerRegistry()
        let folder = try TemporaryFolder()
        let arm = Platform(os: "linux", architecture: "arm64", variant: "v8")
        let images = [
            try SampleImage(layers: [10], platform: Platform("linux/amd64"), in: folder),
            try SampleImage(layers: [20], platform: arm, in: folder),
        ]
        var children = images.map(\.descriptor)
        children[0].platform = try Platform("linux/amd64")
        children[1].platform = arm
        let store = images[0].store
        let index = try store.add(ImageIndex(manifests: children).json.encoded(), mediaType: .imageIndex)
        let client = RegistryClient(credentials: .none)
        let reference = try Reference("\(registry.host)/many:1")
        try await client.push(index, from: store, to: reference)
        for (platform, image) in zip(["linux/amd64", "linux/arm64"], images) {
            let found = try await client.resolve(reference, platform: Platform(platform))
            #expect(found.descriptor == image.descriptor)
        }
        let error = await #expect(throws: RegistryError.self) {
            try await client.resolve(reference, platform: Platform("linux/riscv64"))
        }
        #expect(
            error?.description
                == "cannot find image \(reference): it is not for linux/riscv64, only for linux/amd64, linux/arm64/v8")
    }

    @Test func `a base's layer is mounted from the same registry and copied from another`() async throws {
        let registry = try await DockerRegistry()
        let other = try await DockerRegistry()
        let image = try SampleImage()
        let client = RegistryClient(credentials: .none)
        try await client.push(image.descriptor, from: image.store, to: try Reference("\(registry.host)/base:1"))
        try await client.push(image.descriptor, from: image.store, to: try Reference("\(other.host)/base:1"))
        try image.forgetSources()
        try image.leaveLayer(0, at: registry.host, "base")
        try image.leaveLayer(1, at: other.host, "base")
        let events = Events()
        let reference = try Reference("\(registry.host)/app:1")
        try await client.push(image.descriptor, from: image.store, to: reference, onEvent: events.note)
        #expect(events.mounted == [image.manifest.layers[0].digest])
        #expect(events.moved.contains(image.manifest.layers[1].digest))
        try await client.check(reference, platform: .current)
        // The copy leaves no temporary files.
        #expect(try FileSystem.names(in: image.store.folder.appending("tmp")).isEmpty)
    }

    @Test func `a base is added without its layers, which are fetched when they are wanted`() async throws {
        let registry = try await DockerRegistry()
        let image = try SampleImage()
        let client = RegistryClient(credentials: .none)
        let reference = try Reference("\(registry.host)/base:1")
        try await client.push(image.descriptor, from: image.store, to: reference)
        let store = try image.emptyStore()
        let base = try await client.addBase(reference, platform: .current, to: store)
        let stored = try store.image(base.descriptor)
        #expect(store.missingLayers(of: stored) == image.manifest.layers)
        try await client.fetchMissingLayers(of: stored, in: store)
        #expect(store.missingLayers(of: stored).isEmpty)
    }

    @Test func `an image that is not there is not found`() async throws {
        let registry = try await DockerRegistry()
        let reference = try Reference("\(registry.host)/nobody/knows:1")
        let error = await #expect(throws: RegistryError.self) {
            try await RegistryClient(credentials: .none).resolve(reference, platform: .current)
        }
        #expect(error?.code == .notFound)
        #expect(
            error?.description
                == "cannot find image \(reference): GET http://\(registry.host)/v2/nobody/knows/manifests/1 answered "
                + "404 Not Found: manifest unknown (MANIFEST_UNKNOWN)")
    }
}
