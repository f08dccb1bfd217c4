import HTTP
import ImageStore
import JSON
import OCI
import Registry
import TestSupport
import Testing

/// Signatures and other referrers, found through the API or the fallback tag.
@Suite struct ReferrersTests {
    private let client = RegistryClient(credentials: .none, retries: .quick)

    /// Adds a manifest that refers to an image to its store.
    private func artifact(_ type: String, of subject: Descriptor, in store: ImageStore, _ note: String) throws
        -> Descriptor
    {
        let empty = try store.add(Array("{}".utf8), mediaType: MediaType("application/vnd.oci.empty.v1+json"))
        let layer = try store.add(Array(note.utf8), mediaType: MediaType("text/plain"))
        let json: JSONValue = [
            "schemaVersion": 2, "mediaType": .string("\(MediaType.imageManifest)"), "artifactType": .string(type),
            "config": empty.json, "layers": [layer.json], "subject": subject.json,
            "annotations": ["note": .string(note)],
        ]
        return try store.add(json.encoded(), mediaType: .imageManifest)
    }

    @Test func `without the API a tag lists what refers to an image, once each, and a copy takes it along`()
        async throws
    {
        let (registry, other) = (try await DockerRegistry(), try await DockerRegistry())
        let image = try SampleImage(layers: [1_000])
        let reference = try Reference("\(registry.host)/app:1")
        try await client.push(image.descriptor, from: image.store, to: reference)
        #expect(try await client.referrers(of: reference).isEmpty)

        let signature = try artifact("application/x-signature", of: image.descriptor, in: image.store, "signed")
        let list = try artifact("application/x-list", of: image.descriptor, in: image.store, "listed")
        let ofList = try artifact("application/x-signature", of: list, in: image.store, "signed too")
        for (descriptor, tag) in [(signature, "s"), (signature, "s"), (list, "l"), (ofList, "sl")] {
            try await client.push(descriptor, from: image.store, to: try reference.tagged(tag))
        }
        let found = try await client.referrers(of: reference)
        #expect(found.map(\.digest) == [signature.digest, list.digest])
        #expect(found.first?.artifactType == "application/x-signature")
        #expect(found.first?.annotations == ["note": "signed"])
        #expect(
            try await client.referrers(of: reference, artifactType: "application/x-list").map(\.digest) == [list.digest]
        )
        // skopeo reads the fallback tag as an index.
        let tag = "sha256-\(image.descriptor.digest.hexadecimal)"
        let raw = try await Command(
            "skopeo", ["inspect", "--raw", "--tls-verify=false", "docker://\(reference.name):\(tag)"]
        ).succeed()
        #expect(raw.contains("\"application/x-signature\""))

        let target = try Reference("\(other.host)/copy:1")
        let store = try image.emptyStore()
        let added = try await client.add(reference, platform: nil, to: store)
        try await client.push(added.descriptor, from: store, to: target)
        let count = try await client.copyReferrers(of: added.manifests, from: reference, to: target, through: store)
        #expect(count == 3)
        #expect(try await client.referrers(of: target).map(\.digest) == [signature.digest, list.digest])
        #expect(try await client.referrers(of: target.pinned(to: list.digest)).map(\.digest) == [ofList.digest])

        try await client.delete(target.pinned(to: signature.digest))
        #expect(try await client.referrers(of: target).map(\.digest) == [list.digest])
    }

    @Test(arguments: [true, false])
    func `with the API it is asked, page by page, and no tag is written`(filters: Bool) async throws {
        let subject = Digest(of: Array("subject".utf8))
        func page(_ numbers: [Int]) -> String {
            let manifests = numbers.map { number in
                var descriptor = Descriptor(
                    mediaType: .imageManifest, digest: Digest(of: Array("\(number)".utf8)), size: 1)
                descriptor.artifactType = number.isMultiple(of: 2) ? "a/even" : "a/odd"
                return descriptor
            }
            return ImageIndex(manifests: manifests).json.text
        }
        let pages = (all: (page([1, 2]), page([3, 4])), even: (page([2]), page([4])))
        let server = try await LoopbackServer { request in
            let isFiltered = filters && request.target.contains("artifactType=a%2Feven")
            let (first, second) = isFiltered ? pages.even : pages.all
            let headers: HTTPHeaders = isFiltered ? ["OCI-Filters-Applied": "artifactType"] : [:]
            guard request.path == "/v2/app/referrers/\(subject)" else { return .answer(404) }
            if request.target.contains("page=2") { return .answer(200, headers, text: second) }
            var linked = headers
            let query = request.target.drop { $0 != "?" }.dropFirst()
            linked["Link"] = "<\(request.path)?page=2\(query.isEmpty ? "" : "&\(query)")>; rel=\"next\""
            return .answer(200, linked, text: first)
        }
        let reference = try Reference("\(server.host)/app").pinned(to: subject)
        #expect(try await client.referrers(of: reference).count == 4)
        let even = try await client.referrers(of: reference, artifactType: "a/even")
        #expect(even.map(\.digest) == [2, 4].map { Digest(of: Array("\($0)".utf8)) })
    }

    @Test func `a registry that answers with the subject keeps the list itself`() async throws {
        let image = try SampleImage(layers: [10])
        let signature = try artifact("a/b", of: image.descriptor, in: image.store, "signed")
        let registry = try await StrictRegistry(fault: { request in
            request.method == "PUT" && request.path.contains("/manifests/")
                ? .answer(201, ["OCI-Subject": "\(image.descriptor.digest)"]) : nil
        })
        try await client.push(signature, from: image.store, to: try Reference("\(registry.host)/app:s"))
        #expect(registry.count("PUT", "/manifests/sha256-") == 0)
    }

    @Test func `a tag that should be a list and is none is said`() async throws {
        let registry = try await DockerRegistry()
        let image = try SampleImage(layers: [10])
        let reference = try Reference("\(registry.host)/app:1")
        try await client.push(image.descriptor, from: image.store, to: reference)
        let tag = "sha256-\(image.descriptor.digest.hexadecimal)"
        try await client.push(image.descriptor, from: image.store, to: try reference.tagged(tag))
        let error = await #expect(throws: RegistryError.self) { try await client.referrers(of: reference) }
        #expect(error?.description.contains("is to list what refers to an image, and is no list") == true)
    }
}
