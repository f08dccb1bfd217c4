import HTTP
import JSON
import ObjectStorage
import POSIX
import Secrets
import Synchronization
import SystemPackage
import TestSupport
import Testing
import Timestamps

extension StorageTests {
    /// Tests of the failures of `caasctl storage`.
    @Suite struct Failures {
        private let fixture: StorageFixture
        private var folder: TemporaryFolder { fixture.folder }

        init() throws { fixture = try StorageFixture() }

        @Test(arguments: ["rclone", "swift"])
        func `after kill -9 in the middle a second call finishes, up and down`(_ name: String) async throws {
            let server = try StorageServers.server(name)
            try await fixture.makeFile("big", 160_000_003)
            let up = ["cp", folder("big").string, "\(fixture.place)/deep/big"]
            let isKilled = try await fixture.killWhileCopying(fixture.start(up, server, log: "up"))
            #expect(isKilled, "it was faster than this test")
            #expect(try FileSystem.names(in: folder("home/uploads")).count == 1, "the upload is noted")
            let check = ["check", fixture.place, "--size", "1MiB"]
            #expect(
                try await fixture.storage(check, server).succeed().contains("left half done: 1, the oldest since 2"))
            #expect(try await fixture.storage(up, server).succeed() == "\(fixture.place)/deep/big")
            #expect(try FileSystem.names(in: folder("home/uploads")).isEmpty)
            try FileSystem.makeFolder(folder("out"))
            let down = ["cp", "\(fixture.place)/deep/big", folder("out").string + "/"]
            #expect(try await fixture.killWhileFetching(fixture.start(down, server, log: "down"), into: "out"))
            #expect(!FileSystem.exists(folder("out/big")), "half a file has no name")
            let second = try JSONValue(parsing: try await fixture.storage(down + ["--json"], server).succeed())
            let received = try #require(second["copied_bytes"]?.integer)
            #expect(received > 0 && received <= 160_000_003 - (16 << 20), "\(received) bytes came twice")
            try await Command("cmp", [folder("big").string, folder("out/big").string]).succeed()
            #expect(try fixture.unfinished("out").isEmpty)
        }

        @Test func `after kill -9 a shared folder holds nothing half, and the next call sweeps`() async throws {
            try await fixture.makeFile("big", 300_000_003)
            try FileSystem.makeFolder(folder("shared"))
            let copy = ["cp", folder("big").string, "file://\(folder("shared"))/"]
            #expect(try await fixture.killWhileCopying(fixture.start(copy, nil, log: "log")))
            #expect(!FileSystem.exists(folder("shared/big")))
            #expect(try fixture.unfinished("shared").count == 1)
            #expect(try await fixture.storage(copy, nil).succeed() == "file://\(folder("shared"))/big")
            try await Command("cmp", [folder("big").string, folder("shared/big").string]).succeed()
            #expect(try fixture.unfinished("shared").isEmpty)
        }

        @Test func `a wrong key, bucket or endpoint is one clear line and nothing else`() async throws {
            let server = try StorageServers.server("swift")
            try folder.write("in", "content")
            for (changes, part) in [
                (
                    ["R2_SECRET_ACCESS_KEY": "wrong-secret-of-this-test"],
                    "check R2_ACCESS_KEY_ID and R2_SECRET_ACCESS_KEY"
                ),
                (["R2_SECRET_ACCESS_KEY": ""], "must be set"),
                (["R2_ENDPOINT_URL": ""], "R2_ENDPOINT_URL is not set"),
                (["R2_ENDPOINT_URL": server.endpoint + "/runs"], "without '/runs'"),
            ] {
                for verb in [
                    ["ls", "s3://runs"], ["cp", "in", "\(fixture.place)/in"], ["cp", "\(fixture.place)/in", "out"],
                ] {
                    let outcome = try await fixture.storage(verb, server, changes).run()
                    #expect(outcome.status == 1 && outcome.output.isEmpty)
                    #expect(outcome.errors.contains(part), "\(verb): \(outcome.errors)")
                    #expect(!outcome.errors.contains("wrong-secret-of-this-test"))
                }
            }
            let unknown = try await fixture.storage(["cp", "in", "s3://unknown/in"], server).run()
            #expect(unknown.status == 1 && unknown.errors.contains("has no bucket 'unknown'"), "\(unknown.errors)")
            #expect(!FileSystem.exists(folder("out")))
        }

        @Test func `the check tells what is wrong and what mends it`() async throws {
            let server = try StorageServers.server("swift")
            for (changes, step, part) in [
                (["R2_SECRET_ACCESS_KEY": "wrong"], "list", "the secret does not belong to the key id"),
                (["R2_BUCKET_NAME": "missing"], "list", "has no bucket 'missing'"),
                (["R2_REGION": "us-east-1"], "list", "set R2_REGION"),
                (["R2_ENDPOINT_URL": "http://127.0.0.1:9"], "list", "check R2_ENDPOINT_URL and the network"),
                (["R2_ENDPOINT_URL": server.endpoint + "/a/b"], "settings", "without '/a/b'"),
                (["R2_ENDPOINT_URL": "file:///nowhere"], "list", "mount the file system"),
            ] {
                let outcome = try await fixture.storage(["check", "--size", "1MiB"], server, changes).run()
                let line = outcome.output.split(separator: "\n").first { $0.hasPrefix(step) } ?? ""
                #expect(outcome.status == 1 && line.contains("FAILED") && line.contains(part), "\(outcome.output)")
            }
        }

        /// Starts a double whose keys may only read or whose clock differs, which no real server of these tests offers.
        private func double(isReadOnly: Bool, secondsAhead: Int) async throws -> LoopbackServer {
            let objects = Objects()
            return try await LoopbackServer { request in
                var headers: HTTP.HTTPHeaders = ["Date": (Timestamp.now() + secondsAhead).http]
                switch request.method {
                case "PUT" where isReadOnly:
                    return .answer(403, headers, text: "<Error><Code>AccessDenied</Code><Message>No.</Message></Error>")
                case "PUT":
                    objects.put(request)
                    headers["ETag"] = "\"x\""
                    return .answer(200, headers)
                case "DELETE":
                    objects.remove(request)
                    return .answer(204, headers)
                case "GET" where request.target.contains("list-type"):
                    return .answer(200, headers, text: "<ListBucketResult></ListBucketResult>")
                default:
                    guard let found = objects.get(request) else { return .answer(404, headers) }
                    headers["x-amz-meta-upload-token"] = found.headers["x-amz-meta-upload-token"]
                    headers["Content-Length"] = String(found.body.count)
                    return .answer(200, headers, body: found.body)
                }
            }
        }

        @Test func `a key that may only read, and a clock that is off, are told`() async throws {
            let keys = ["R2_ACCESS_KEY_ID": "a", "R2_SECRET_ACCESS_KEY": "b", "R2_BUCKET_NAME": "runs"]
            let reader = try await double(isReadOnly: true, secondsAhead: 0)
            let check = ["check", "--size", "1MiB"]
            let first = try await fixture.storage(
                check, nil, keys.merging(["R2_ENDPOINT_URL": "http://\(reader.host)"]) { $1 }
            ).run()
            #expect(first.status == 1 && first.output.contains("the key may only read"), "\(first.output)")
            let late = try await double(isReadOnly: false, secondsAhead: 4000)
            let second = try await fixture.storage(
                check, nil, keys.merging(["R2_ENDPOINT_URL": "http://\(late.host)"]) { $1 }
            ).run()
            let line = second.output.split(separator: "\n").first { $0.hasPrefix("clock") } ?? ""
            #expect(second.status == 0 && line.contains("WARNING") && line.contains(" s behind"), "\(second.output)")
        }

        @Test(.enabled(if: CurrentUser.id == 0, "mounting a small file system takes root"))
        func `a disk that is full leaves no half file, and the reason`() async throws {
            let server = try StorageServers.server("rclone")
            try await fixture.makeFile("in", 20_000_000)
            try await fixture.storage(["cp", "in", "\(fixture.place)/in"], server).succeed()
            try FileSystem.makeFolder(folder("small"))
            try await Command("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", folder("small").string]).succeed()
            do {
                let outcome = try await fixture.storage(["cp", "\(fixture.place)/in", "small/"], server).run()
                #expect(outcome.status == 1 && outcome.errors.contains("No space left"), "\(outcome.errors)")
                #expect(!FileSystem.exists(folder("small/in")))
            } catch {
                _ = try? await Command("umount", ["--lazy", folder("small").string]).run()
                throw error
            }
            try await Command("umount", ["--lazy", folder("small").string]).succeed()
        }

        @Test func `a key that leads out of the folder is left, the others come`() async throws {
            let server = try StorageServers.server("swift")
            let client = S3Client(
                try BucketLocation(endpoint: server.endpoint, bucket: server.bucket),
                credentials: StorageCredentials(
                    accessKeyID: server.accessKeyID, secretAccessKey: Secret(server.secretAccessKey)),
                client: HTTPClient())
            for key in ["x/good", "x/../../evil", "x//double", "x/sub/.."] {
                try await client.put("\(fixture.prefix)/\(key)", Array("text".utf8), contentType: "text/plain")
            }
            let outcome = try await fixture.storage(["cp", "-r", "\(fixture.place)/x", folder("a/b").string], server)
                .run()
            #expect(outcome.status == 1, "the folder above is not there")
            try FileSystem.makeFolder(folder("a"))
            let second = try await fixture.storage(["cp", "-r", "\(fixture.place)/x", folder("a/b").string], server)
                .run()
            #expect(second.status == 1 && second.errors.contains("cannot copy 3 of 4 files"), "\(second.errors)")
            #expect(try FileSystem.names(in: folder("a")).map(\.string) == ["b"])
            #expect(try FileSystem.names(in: folder("a/b")).map(\.string) == ["good"])
            #expect(!FileSystem.exists(folder("evil")))
        }

        @Test func `links are never silently left out`() async throws {
            try folder.write("blobs/1", "weights")
            try folder.write("snapshot/config", "{}")
            try FileSystem.makeSymbolicLink(folder("snapshot/model.bin"), to: "../blobs/1")
            try FileSystem.makeFolder(folder("shared"))
            let copy = ["cp", "-r", "snapshot", "file://\(folder("shared"))"]
            let refused = try await fixture.storage(copy, nil).run()
            #expect(refused.status == 1 && refused.errors.contains("--links follow"), "\(refused.errors)")
            #expect(try FileSystem.names(in: folder("shared")).isEmpty)
            try await fixture.storage(copy + ["--links", "skip"], nil).succeed()
            #expect(try FileSystem.names(in: folder("shared")).map(\.string) == ["config"])
            try await fixture.storage(copy + ["--links", "follow"], nil).succeed()
            #expect(try FileSystem.read(folder("shared/model.bin")) == Array("weights".utf8))
            #expect(try FileStatus(folder("shared/model.bin")).kind == .regular)
            try await fixture.storage(["cp", "snapshot/model.bin", "one"], nil).succeed()
            #expect(try FileStatus(folder("one")).kind == .regular)
        }

        @Test func `what makes no sense gets one line`() async throws {
            try folder.write("dir/in", "content")
            for (arguments, part) in [
                (["cp", "dir", "other"], "--recursive copies what is in it"),
                (["cp", "none", "other"], "No such file"), (["cp", "-r", "none", "other"], "no folder none"),
                (["ls", "gs://x/y"], "none of s3://"), (["rm", "dir/none"], "there is no such object"),
                (["rm", "-r", "--yes", "s3://"], "the bucket's name is missing"), (["ls"], "set R2_BUCKET_NAME"),
                (["rm", "-r", "/"], "everything on this machine"),
                (["presign", "dir/in"], "only objects of a bucket"),
                (["cp", "dir/in", "dir/in", "--no-overwrite"], nil),
            ] as [([String], String?)] {
                let outcome = try await fixture.storage(arguments, nil).run()
                guard let part else {
                    #expect(outcome.status == 0, "\(outcome.errors)")
                    continue
                }
                #expect(outcome.status == 1 && outcome.errors.contains(part), "\(arguments): \(outcome.errors)")
                #expect(outcome.errors.split(separator: "\n").count == 1)
            }
            try folder.write("other", "something else")
            let kept = try await fixture.storage(["cp", "dir/in", "other", "--no-overwrite"], nil).run()
            #expect(kept.status == 1 && kept.errors.contains("something else is there already"))
            #expect(try FileSystem.read(folder("other")) == Array("something else".utf8))
            try await fixture.storage(["cp", "dir/in", "other"], nil).succeed()
            #expect(try FileSystem.read(folder("other")) == Array("content".utf8))
            #expect(try await fixture.storage(["cp", "dir/in"], nil).run().status == 64)
        }
    }

}

/// The objects of a server's double.
private final class Objects: Sendable {
    private let kept = Mutex<[String: ReceivedRequest]>([:])

    func put(_ request: ReceivedRequest) { kept.withLock { $0[request.path] = request } }
    func remove(_ request: ReceivedRequest) { kept.withLock { $0[request.path] = nil } }
    func get(_ request: ReceivedRequest) -> ReceivedRequest? { kept.withLock { $0[request.path] } }
}
