import HTTP
import ImageStore
import OCI
import POSIX
import Registry
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// Listing tags, and deleting tags and images.
@Suite struct ListingTests {
    private let client = RegistryClient(credentials: .none, retries: .quick)

    @Test func `tags are listed, a tag that cannot go alone stays, and an image goes with all its tags`() async throws {
        let registry = try await DockerRegistry()
        let image = try SampleImage(layers: [10])
        let reference = try Reference("\(registry.host)/some/app:v1")
        try await client.push(image.descriptor, from: image.store, to: reference)
        try await client.push(image.descriptor, from: image.store, to: try reference.tagged("v2"))
        #expect(try await client.tags(of: reference).sorted() == [image.descriptor.digest.short, "v1", "v2"].sorted())

        // docker-registry 2.8 cannot delete a single tag.
        let error = await #expect(throws: RegistryError.self) { try await client.delete(reference) }
        #expect(
            error?.description.contains("\(reference.name)@\(image.descriptor.digest) removes the image") == true,
            "\(error?.description ?? "")")
        try await client.check(reference, platform: .current)

        try await client.delete(reference.pinned(to: image.descriptor.digest))
        let gone = await #expect(throws: RegistryError.self) { try await client.check(reference, platform: .current) }
        #expect(gone?.code == .notFound)
        let again = await #expect(throws: RegistryError.self) {
            try await client.delete(reference.pinned(to: image.descriptor.digest))
        }
        #expect(again?.code == .notFound)
    }

    @Test func `a list in pages is followed by its links, also relative ones`() async throws {
        let server = try await LoopbackServer { request in
            switch request.target {
            case "/v2/app/tags/list":
                .answer(
                    200, ["Link": #"</v2/app/tags/list?n=2&last=b>; rel="next""#],
                    text: #"{"name":"app","tags":["a","b"]}"#)
            case "/v2/app/tags/list?n=2&last=b":
                .answer(200, ["Link": "<?last=c>; rel=next"], text: #"{"name":"app","tags":["c"]}"#)
            case "/v2/app/tags/list?last=c": .answer(200, text: #"{"name":"app","tags":null}"#)
            default: .answer(404)
            }
        }
        #expect(try await client.tags(of: try Reference("\(server.host)/app")) == ["a", "b", "c"])
    }

    @Test(arguments: [
        ("</v2/app/tags/list>; rel=\"next\"", "lead in a circle"),
        ("<http://127.0.0.2:1/v2/app/tags/list?last=b>; rel=\"next\"", "another host"),
    ])
    func `pages that lead astray are left`(link: String, words: String) async throws {
        let server = try await LoopbackServer { _ in .answer(200, ["Link": link], text: #"{"tags":["a"]}"#) }
        let error = await #expect(throws: RegistryError.self) {
            try await client.tags(of: try Reference("\(server.host)/app"))
        }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }

    @Test(arguments: [2, Int.max])
    func `a list or manifest that came damaged is asked for again, and one that always does is an error`(
        times: Int
    ) async throws {
        let image = try SampleImage(layers: [10])
        let manifest = try FileSystem.read(image.store.path(of: image.descriptor.digest))
        let asked = Mutex<[String: Int]>([:])
        let server = try await LoopbackServer { request in
            if request.path == "/v2/" { return .answer(200) }
            if let name = request.path.split(separator: "/").last, request.path.contains("/blobs/"),
                let digest = try? Digest(String(name)), let blob = try? FileSystem.read(image.store.path(of: digest))
            {
                return .answer(200, body: blob)
            }
            let count = asked.withLock { asked in
                asked[request.path, default: 0] += 1
                return asked[request.path, default: 0]
            }
            let isList = request.path.hasSuffix("tags/list")
            let whole = isList ? Array(#"{"tags":["a","b"]}"#.utf8) : manifest
            let type = isList ? "application/json" : image.descriptor.mediaType.description
            return .answer(200, ["Content-Type": type], body: count > times ? whole : Array(whole.dropLast()))
        }
        let repository = try Reference("\(server.host)/app")
        let exact = try Reference("\(server.host)/app@\(image.descriptor.digest)")
        if times == 2 {
            #expect(try await client.tags(of: repository) == ["a", "b"])
            _ = try await client.resolve(exact, platform: .current)
        } else {
            await #expect(throws: RegistryError.self) { try await client.tags(of: repository) }
            let error = await #expect(throws: RegistryError.self) {
                try await client.resolve(exact, platform: .current)
            }
            #expect(error?.code == .contentMismatch)
        }
        #expect(asked.withLock { $0.values.allSatisfy { $0 == 3 } })
    }

    @Test func `a page that is no list is an error of one line`() async throws {
        let server = try await LoopbackServer { _ in .answer(200, text: "<html>\n<h1>hello</h1></html>") }
        let error = await #expect(throws: RegistryError.self) {
            try await client.tags(of: try Reference("\(server.host)/app"))
        }
        #expect(error?.description.contains("cannot list the tags of \(server.host)/app: GET ") == true)
        #expect(error?.description.contains("\n") == false)
    }
}
