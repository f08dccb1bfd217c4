import HTTP
import POSIX
import Secrets
import Synchronization
import SystemPackage
import TestSupport
import Testing
import Timestamps

@testable import ObjectStorage

/// R2's refusals by its rules, and the resulting errors.
struct R2Tests {
    @Test func `a second write of a key within a second is waited out`() async throws {
        let server = try await R2Double()
        server.change { $0.writeInterval = 300 }
        let client = try server.client(policy: RetryPolicy(attempts: 8, firstBound: 0.2, lastBound: 0.4))
        for number in 0..<3 { try await client.put("status.json", [UInt8(number)], contentType: "text/plain") }
        #expect(server.object("status.json")?.content == [2])
    }

    @Test(arguments: [3600, -3600])
    func `a clock that is an hour off is set by the server's, once`(_ offset: Int) async throws {
        let server = try await R2Double()
        server.change { $0.clockOffset = offset }
        let folder = try TemporaryFolder()
        try FileSystem.write(noise(3 << 20), to: folder("in"))
        let client = try server.client(policy: .never)
        let object = try await client.upload(folder("in"), to: "key")
        #expect(try await client.verify(object))
        #expect(abs(client.clockOffset - offset) < 30)
    }

    @Test func `midnight may pass in the middle of an upload`() async throws {
        let server = try await R2Double()
        let before = try #require(Timestamp(rfc3339: "2026-03-01T23:59:58Z"))
        let offset = before.seconds - Timestamp.now().seconds
        server.change { $0.clockOffset = offset }
        let folder = try TemporaryFolder()
        try FileSystem.write(noise(6 << 20), to: folder("in"))
        let calls = Mutex(0)
        // Each reading of the clock is one second later, so that the day changes between the first parts.
        let client = try server.client(policy: .never) { options in
            options.clock = {
                before
                    + calls.withLock { calls in
                        calls += 1
                        return calls / 2
                    }
            }
        }
        let object = try await client.upload(folder("in"), to: "key")
        #expect(try await client.verify(object))
        #expect(calls.withLock { $0 } > 8)
    }

    @Test(arguments: [false, true])
    func `files carry an MD5 where that is wanted, and never otherwise`(_ isWanted: Bool) async throws {
        let server = try await R2Double()
        let client = try server.client { $0.sendsContentMD5 = isWanted }
        let folder = try TemporaryFolder()
        for (name, size) in [("empty", 0), ("small", 1000), ("parts", 3 << 20)] {
            try FileSystem.write(noise(size), to: folder(name))
            #expect(try await client.verify(client.upload(folder(name), to: name)))
        }
        let sent = server.requests.filter { $0.method == "PUT" }
        #expect(sent.count == 5)
        #expect(sent.allSatisfy { ($0.headers["Content-MD5"] != nil) == isWanted })
    }

    @Test func `a key that may only read says so`() async throws {
        let server = try await R2Double()
        server.change { $0.mayWrite = false }
        let error = await #expect(throws: StorageError.self) {
            try await server.client().put("x", [1], contentType: "text/plain")
        }
        #expect(error?.code == .accessDenied && error?.requestID == "request-7")
        #expect(error?.message.hasSuffix("it needs read and write permission on bucket 'bucket-1'") == true)
    }

    @Test func `a wrong region says so`() async throws {
        let server = try await R2Double()
        let error = await #expect(throws: StorageError.self) {
            try await server.client(region: "eu-west-9").put("x", [1], contentType: "text/plain")
        }
        #expect(error?.message.contains("is not in region 'eu-west-9'") == true, "\(error?.description ?? "")")
        #expect(error?.message.contains("set R2_REGION") == true)
    }

    @Test func `a temporary key that expires in the middle is named, and a new one goes on`() async throws {
        let server = try await R2Double()
        let folder = try TemporaryFolder()
        try FileSystem.write(noise(12 << 20), to: folder("in"))
        let first = try server.client { $0.journal = folder("journal") }
        let error = await #expect(throws: StorageError.self) {
            try await first.upload(folder("in"), to: "key") { bytes in
                if bytes > 6 << 20 { server.change { $0.isKeyExpired = true } }
            }
        }
        #expect(error?.code == .wrongKey && error?.s3Code == "ExpiredToken")
        #expect(error?.message.contains("R2_SESSION_TOKEN") == true)
        server.change { $0.isKeyExpired = false }
        let second = try server.client { $0.journal = folder("journal") }
        #expect(try await second.verify(second.upload(folder("in"), to: "key")))
        let id = try #require(server.object("key")?.uploadID)
        #expect(server.repeated(id) == [], "what had been sent stayed")
    }

    @Test func `what was begun and not completed is listed, page by page, and aborted`() async throws {
        let server = try await R2Double()
        let client = try server.client()
        let keys = ["a b/ü", "a b/ü", "a b/x&y", "a b/z", "b"]
        for key in keys {
            var call = S3Call("POST", key, doing: "begin")
            call.query = [("uploads", "")]
            _ = try await client.perform(call)
        }
        let uploads = try await client.multipartUploads("a b/")
        #expect(uploads.map(\.key).sorted() == keys.dropLast().sorted())
        #expect(uploads.allSatisfy { $0.started == Timestamp(rfc3339: "2026-01-02T03:04:05Z") })
        #expect(Set(uploads.map(\.uploadID)).count == 4)
        for upload in uploads {
            try await client.abort(upload)
            try await client.abort(upload)
        }
        #expect(server.uploads.values.map(\.key) == ["b"])
    }

    @Test func `a host that has no address is said`() async throws {
        let error = await #expect(throws: StorageError.self) {
            try await R2Double.client(of: "https://no-such-host.invalid").head("x")
        }
        #expect(error?.code == .unreachable)
        #expect(error?.message.contains("check R2_ENDPOINT_URL and the network") == true, "\(error?.description ?? "")")
    }

    @Test func `a server that answers in another tongue is no bucket`() async throws {
        for (status, text) in [(200, "<html>hello</html>"), (301, ""), (404, "<html>none</html>")] {
            let server = try await LoopbackServer { _ in .answer(status, text: text) }
            let error = await #expect(throws: StorageError.self) {
                try await R2Double.client(of: "http://\(server.host)").list("")
            }
            #expect(error?.message.contains("s3://bucket-1") == true, "\(error?.description ?? "")")
        }
    }

    @Test(
        arguments: [
            "with space", "plus+percent%25&equals=semi;colon:", "(round) [square]", "quote'\"<xml>&amp;",
            "ünïcödé/文字/🙂",
            "a//b", "a/./b", "a/../b", "..", ".", "/front", "end/", "%2F%00", "question?mark#hash",
            String(repeating: "k", count: 1024), String(repeating: "ü/", count: 341),
        ])
    func `a key is the same key for every operation`(_ key: String) async throws {
        let server = try await R2Double()
        let client = try server.client()
        let folder = try TemporaryFolder()
        let content = noise((2 << 20) + 5)
        try FileSystem.write(content, to: folder("in"))
        let object = try await client.upload(folder("in"), to: key)
        #expect(fingerprint(server.object(key)?.content) == fingerprint(content))
        #expect(try await client.verify(object))
        #expect(try await client.list("").map(\.key) == [key])
        try await client.download(object, to: folder("out"))
        #expect(try fingerprint(FileSystem.read(folder("out"))) == fingerprint(content))
        let url = try client.presign(.get, key, for: .hour)
        #expect(!"\(url)".contains("X-Amz"))
        try await client.delete(key)
        #expect(server.object(key) == nil)
    }

    @Test(arguments: [0, 1, 1 << 20, (1 << 20) + 1])
    func `a file of any length comes back`(_ size: Int) async throws {
        let server = try await R2Double()
        let client = try server.client()
        let folder = try TemporaryFolder()
        let content = noise(size)
        try FileSystem.write(content, to: folder("in"))
        let object = try await client.upload(folder("in"), to: "key")
        #expect(object.parts.count == max(1, (size + (1 << 20) - 1) >> 20))
        try await client.download(object, to: folder("out"))
        #expect(try fingerprint(FileSystem.read(folder("out"))) == fingerprint(content))
    }

    // <https://developers.cloudflare.com/r2/platform/limits/>
    @Test(
        arguments: [
            (0, 16), (5 << 30, 16), ((5 << 30) + 1, 16), (100 << 30, 16), (500 << 30, 57), (4995 << 30, 569),
        ] as [(Int64, Int64)])
    func `parts are few enough, equal, and never too long`(_ size: Int64, _ mebibytes: Int64) {
        let ranges = PartRanges(cutting: size, minimum: 16 << 20)
        #expect(ranges.partSize == mebibytes << 20)
        #expect(ranges.count <= 10_000 && ranges.partSize <= 4995 << 20)
        #expect(ranges.offset(ranges.count - 1) + ranges.length(ranges.count - 1) == size)
        #expect(size == 0 || ranges.length(ranges.count - 1) > 0)
    }

    @Test(arguments: [
        ("https://acc.r2.cloudflarestorage.com/runs", "without '/runs'"),
        ("https://acc.r2.cloudflarestorage.com/runs/", "without '/runs/'"),
        ("https://runs.acc.r2.cloudflarestorage.com", "write https://acc.r2.cloudflarestorage.com"),
        ("https://acc.r2.cloudflarestorage.com?x=1", "without"),
        ("acc.r2.cloudflarestorage.com", "no http:// or https://"),
        ("https://user@acc.r2.cloudflarestorage.com", "user name"), ("", "no http:// or https://"),
    ])
    func `an endpoint that is more than the service says what it should be`(_ text: String, _ advice: String) {
        let error = #expect(throws: StorageError.self) { try BucketLocation(endpoint: text, bucket: "runs") }
        #expect(error?.message.contains(advice) == true, "\(error?.description ?? "")")
    }

    @Test(arguments: ["https://acc.r2.cloudflarestorage.com/", "https://acc.eu.r2.cloudflarestorage.com"])
    func `a slash at its end, or a jurisdiction, is fine`(_ text: String) throws {
        #expect(try BucketLocation(endpoint: text, bucket: "runs").endpoint.target == "/")
    }
}
