import Hashing
import ObjectStorage
import POSIX
import SystemPackage
import TestSupport
import Testing

/// What we do, done with two real servers that differ in much.
@Suite(.serialized, .s3Servers) struct ServerTests {
    @Test(arguments: ServerKind.allCases)
    func `a small object comes back`(_ kind: ServerKind) async throws {
        let client = try S3Servers.client(kind)
        let content = Array("some text".utf8)
        try await client.put("small/a.json", content, contentType: "application/json")
        #expect(try await client.get("small/a.json", limit: 100) == content)
        let status = try #require(try await client.head("small/a.json"))
        #expect(status.size == 9)
        #expect(try await client.get("small/none", limit: 100) == nil)
        #expect(try await client.head("small/none") == nil)
        try await client.delete("small/a.json")
        try await client.delete("small/a.json")
        #expect(try await client.get("small/a.json", limit: 100) == nil)
        #expect(abs(client.clockOffset) < 60)
    }

    @Test(arguments: ServerKind.allCases)
    func `an object longer than the limit is refused`(_ kind: ServerKind) async throws {
        let client = try S3Servers.client(kind)
        try await client.put("long", noise(2000), contentType: "text/plain")
        await #expect(throws: StorageError.self) { try await client.get("long", limit: 1999) }
        #expect(try await client.get("long", limit: 2000)?.count == 2000)
    }

    @Test(
        arguments: ServerKind.allCases,
        [
            "with space", "plus+percent%25&equals=semi;colon:", "(round) [square] {curly}", "quote'\"<xml>&amp;",
            "ünïcödé/文字/🙂", "tilde~!*@$,", "trailing.dot.", "a%2Fb", "question?mark#hash",
        ])
    func `an odd key is the same key everywhere`(_ kind: ServerKind, _ key: String) async throws {
        let client = try S3Servers.client(kind)
        let name = "odd/" + key
        try await client.put(name, Array(key.utf8), contentType: "text/plain")
        #expect(try await client.get(name, limit: 1000) == Array(key.utf8))
        #expect(try await client.list("odd/").contains { $0.key == name })
        try await client.delete(name)
        #expect(try await client.head(name) == nil)
    }

    @Test(arguments: ["a//b", "a/./b", "a/../b", "/front", "end/"])
    func `a key that looks like a path is not resolved`(_ key: String) async throws {
        let client = try S3Servers.client(.swift)
        let name = "dots/" + key
        try await client.put(name, Array(key.utf8), contentType: "text/plain")
        #expect(try await client.get(name, limit: 1000) == Array(key.utf8))
        #expect(try await client.list("dots/").map(\.key) == [name])
        try await client.delete(name)
    }

    @Test(
        arguments: ServerKind.allCases, [0, 1, 5_000_000, (5 << 20) - 1, 5 << 20, (5 << 20) + 1, 12 << 20, 17_000_003])
    func `a file comes back as it was`(_ kind: ServerKind, _ size: Int) async throws {
        let client = try S3Servers.client(kind)
        let folder = try TemporaryFolder()
        let content = noise(size)
        try FileSystem.write(content, to: folder("in"))
        let object = try await client.upload(folder("in"), to: "files/\(size)", progress: nil)
        #expect(object.size == Int64(size))
        #expect(object.parts.count == (size < 5 << 20 ? 1 : (size + (5 << 20) - 1) / (5 << 20)))
        #expect(object.parts.first == SHA256.hash(content.prefix(Int(max(1, object.partSize)))).hexadecimal)
        try await client.download(object, to: folder("out"), progress: nil)
        #expect(try FileSystem.read(folder("out")) == content)
        #expect(try FileSystem.names(in: folder.path).map(\.string) == ["in", "out"])
        #expect(try await client.verify(object))
        #expect(try await S3Servers.client(kind).verify(object), "also by a process that knows only the record")
    }
}
