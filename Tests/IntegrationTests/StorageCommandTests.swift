import HTTP
import JSON
import POSIX
import Secrets
import SystemPackage
import TestSupport
import Testing

@testable import ObjectStorage

extension StorageTests {
    /// Tests of `caasctl storage` with the built program against real servers.
    @Suite struct Commands {
        private let fixture: StorageFixture
        private var folder: TemporaryFolder { fixture.folder }

        init() throws { fixture = try StorageFixture() }

        @Test(arguments: ["rclone", "swift"])
        func `a folder goes to a bucket, to another and back, and a second call copies nothing`(_ name: String)
            async throws
        {
            let server = try StorageServers.server(name)
            let folder = fixture.folder
            try await fixture.makeTree()
            let up = ["cp", "-R", folder("tree").string, "\(fixture.place)/up"]
            #expect(try await fixture.storage(up, server).succeed() == "\(fixture.place)/up/")
            let again = try JSONValue(parsing: try await fixture.storage(up + ["--json"], server).succeed())
            #expect(again["copied"] == 0 && again["there"] == 6 && again["files"] == 6 && again["copied_bytes"] == 0)

            let listed = try await fixture.storage(["ls", "-r", "--json", "\(fixture.place)/up/"], server)
                .succeed()
            let objects = try #require(try JSONValue(parsing: listed).array)
            #expect(objects.compactMap { $0["size"]?.integer }.reduce(0, +) == 18_070_105)
            #expect(objects.contains { $0["object"]?.string == "\(fixture.place)/up/with space/plus+percent%25&=" })
            let shallow = try await fixture.storage(["ls", "\(fixture.place)/up/"], server).run()
            #expect(shallow.status == 0 && shallow.output.split(separator: "\n").count == 6)
            #expect(shallow.output.contains("17.2 MiB  ") && shallow.output.contains("  \(fixture.place)/up/ünï/\n"))
            #expect(shallow.errors == "4 objects, 2 folders, 17.2 MiB\n")

            try await fixture.storage(["cp", "-r", "\(fixture.place)/up", "\(fixture.place)/copy"], server).succeed()
            try await fixture.storage(["cp", "-r", "\(fixture.place)/copy", folder("down").string], server).succeed()
            #expect(try await fixture.isSame("tree", "down"))
            try FileSystem.remove(folder("down/a.txt"))
            try folder.write("down/large.bin", "another")
            let down = ["cp", "-r", "\(fixture.place)/copy", folder("down").string, "--json"]
            let mended = try JSONValue(parsing: try await fixture.storage(down, server).succeed())
            #expect(mended["copied"] == 2 && mended["there"] == 4)
            #expect(try await fixture.isSame("tree", "down"))

            let refused = try await fixture.storage(["rm", "-r", "\(fixture.place)/copy"], server).run()
            #expect(refused.status == 1 && refused.output.isEmpty && refused.errors.contains("add --yes"))
            let removed = try await fixture.storage(["rm", "-r", "--yes", "\(fixture.place)/copy"], server).succeed()
            #expect(removed.split(separator: "\n").count == 6)
            #expect(
                try await fixture.storage(["rm", "\(fixture.place)/up/a.txt"], server).succeed()
                    == "\(fixture.place)/up/a.txt")
            #expect(try await fixture.storage(["rm", "\(fixture.place)/up/a.txt"], server).run().status == 1)
            let left = try await fixture.storage(["ls", "-R", "--json", "\(fixture.place)/"], server).succeed()
            #expect(try JSONValue(parsing: left).array?.count == 5)
        }

        @Test func `a folder goes to a shared folder, which the settings may name as a bucket`() async throws {
            let folder = fixture.folder
            try await fixture.makeTree()
            try FileSystem.makeFolder(folder("shared/runs"))
            let settings = ["R2_ENDPOINT_URL": "file://\(folder("shared"))", "R2_BUCKET_NAME": "runs"]
            let up = ["cp", "-r", folder("tree").string, "s3://runs/up"]
            #expect(try await fixture.storage(up, nil, settings).succeed() == "file://\(folder("shared"))/runs/up/")
            #expect(try await fixture.isSame("tree", "shared/runs/up"))
            let again = try await fixture.storage(up + ["--json"], nil, settings).succeed()
            #expect(try JSONValue(parsing: again)["there"] == 6)
            let single = ["cp", "file://\(folder("shared/runs/up/a.txt"))", folder("one.txt").string]
            #expect(try await fixture.storage(single, nil).succeed() == "file://\(folder("one.txt"))")
            let listed = try await fixture.storage(["ls", "s3://runs/up/wi"], nil, settings).succeed()
            #expect(listed.hasSuffix("/shared/runs/up/with space/"))
            #expect(
                try await fixture.storage(["check", "--size", "1MiB"], nil, settings).succeed().contains("\ndelete "))
            try await fixture.storage(["rm", "-r", "--yes", "s3://runs/up"], nil, settings).succeed()
            #expect(try FileSystem.names(in: folder("shared/runs")).isEmpty)
            let presigned = try await fixture.storage(["presign", "s3://runs/up/a.txt"], nil, settings).run()
            #expect(presigned.status == 1 && presigned.output.isEmpty)
        }

        @Test(arguments: ["rclone", "swift"])
        func `presigned URLs work for curl until they are changed or run out`(_ name: String) async throws {
            let server = try StorageServers.server(name)
            let folder = fixture.folder
            try folder.write("in", "content")
            func url(_ arguments: String...) async throws -> String {
                let outcome = try await fixture.storage(["presign", "\(fixture.place)/a b+ü.txt"] + arguments, server)
                    .run()
                #expect(outcome.status == 0 && outcome.output.split(separator: "\n").count == 1)
                #expect(!outcome.errors.contains("Signature") && outcome.errors.contains("whoever has this URL"))
                return String(outcome.output.dropLast())
            }
            func curl(_ arguments: String...) async throws -> String {
                try await Command("curl", ["-sS", "-o", folder("out").string, "-w", "%{http_code}"] + arguments)
                    .succeed()
            }
            let put = try await url("--method", "PUT", "--expires", "20m")
            #expect(try await curl("-T", folder("in").string, put) == "200")
            let get = try await url()
            #expect(try await curl(get) == "200")
            #expect(try FileSystem.read(folder("out")) == Array("content".utf8))
            #expect(try await curl("-T", folder("in").string, get) == "403", "a URL to read writes nothing")
            #expect(try await curl(get.replacing("%20b", with: "%20c")) == "403")
            #expect(try await curl(get.replacing("Expires=3600", with: "Expires=3601")) == "403")
            let short = try await url("--expires", "1s")
            try await Task.sleep(for: .seconds(3))
            #expect(try await ["400", "403"].contains(curl(short)))
            for wrong in [["--expires", "8d"], ["--expires", "0s"], ["--method", "POST"]] {
                #expect(
                    try await fixture.storage(["presign", "\(fixture.place)/a"] + wrong, server).run().status == 64)
            }
        }

        @Test(arguments: ["rclone", "swift"])
        func `a bucket that works passes the check`(_ name: String) async throws {
            let server = try StorageServers.server(name)
            let outcome = try await fixture.storage(
                ["check", "--size", "17MiB"], server, ["R2_PREFIX": fixture.prefix + "/"]
            ).run()
            #expect(outcome.status == 0, "\(outcome.output)")
            for step in ["place", "list", "write", "read", "write once", "upload", "download", "delete", "clock"] {
                #expect(outcome.output.contains("\n\(step) "), "\(step) is missing in \(outcome.output)")
            }
            #expect(outcome.output.contains("every part as it was sent") && !outcome.output.contains("FAILED"))
            let left = try await fixture.storage(["ls", "-R", "\(fixture.place)/"], server).run()
            #expect(left.status == 1 && left.output.isEmpty, "what the check wrote is gone")
        }

        @Test(arguments: ["rclone", "swift"])
        func `uploads that were left are listed and aborted, and nothing else is`(_ name: String) async throws {
            let server = try StorageServers.server(name)
            let client = S3Client(
                try BucketLocation(endpoint: server.endpoint, bucket: server.bucket),
                credentials: StorageCredentials(
                    accessKeyID: server.accessKeyID, secretAccessKey: Secret(server.secretAccessKey)),
                client: HTTPClient())
            // As after a lost answer: the client does not have the upload's id.
            let keys = ["\(fixture.prefix)/left/a b+ü", "\(fixture.prefix)/left/b", "\(fixture.prefix)/other"]
            for key in keys { _ = try await client.beginUpload(key, token: "t", "begin") }
            try folder.write("in", "content")
            try await fixture.storage(["cp", folder("in").string, "\(fixture.place)/left/b"], server).succeed()

            let list = ["uploads", "ls", "\(fixture.place)/left/"]
            let listed = try JSONValue(parsing: try await fixture.storage(list + ["--json"], server).succeed())
            let objects = try #require(listed.array)
            #expect(Set(objects.compactMap { $0["object"]?.string }) == Set(keys.prefix(2).map { "s3://runs/\($0)" }))
            #expect(objects.allSatisfy { $0["size"] == 0 && $0["parts"] == 0 && $0["started"]?.string != nil })
            #expect(try await fixture.storage(list, server).run().errors == "2 unfinished uploads, 0 bytes\n")

            func abort(_ arguments: String...) async throws -> Command.Outcome {
                try await fixture.storage(["uploads", "abort", "\(fixture.place)/left/"] + arguments, server).run()
            }
            #expect(try await abort("--yes").status == 64, "which, was not said")
            #expect(try await abort("--all", "--older-than", "1h", "--yes").status == 64)
            let young = try await abort("--older-than", "1h", "--yes")
            #expect(young.status == 0 && young.errors == "nothing to abort\n")
            let dry = try await abort("--all", "--dry-run")
            #expect(dry.status == 0 && dry.output.split(separator: "\n").count == 2)
            let refused = try await abort("--all")
            #expect(refused.status == 1 && refused.output.isEmpty && refused.errors.contains("add --yes"))
            #expect(try await client.multipartUploads("\(fixture.prefix)/").count == 3)
            let gone = try await abort("--older-than", "0s", "--yes")
            #expect(gone.status == 0 && gone.output.contains("\(fixture.place)/left/a b+ü  "), "\(gone)")
            #expect(try await client.multipartUploads("\(fixture.prefix)/").map(\.key) == [keys[2]])
            #expect(try await client.head(keys[1])?.size == 7, "the object itself stays")
            try await fixture.storage(["uploads", "abort", "\(fixture.place)/other", "--all", "--yes"], server)
                .succeed()
            let folderPlace = try await fixture.storage(["uploads", "ls", "\(folder.path)"], nil).run()
            #expect(folderPlace.status == 1 && folderPlace.errors.contains("only a bucket has them"))
        }

        @Test func `a file of more than 5 GiB, which no server takes in one piece, goes in parts`() async throws {
            let folder = fixture.folder
            let size: Int64 = 5 << 30 + 12_345
            // A sparse file takes no space, and the server discards what it receives.
            try await Command("truncate", ["--size=\(size)", folder("large").string]).succeed()
            let sink = try RunningProgram(
                "python3", [Checkout.root.appending("scripts/bench-sink.py").string, folder("port").string],
                log: folder("sink.log"))
            let port = try await eventually(within: 20) { try? FileSystem.read(folder("port")) }
            let settings: [String: String?] = [
                "R2_ENDPOINT_URL": "http://127.0.0.1:\(String(decoding: try #require(port), as: UTF8.self))",
                "R2_ACCESS_KEY_ID": "key", "R2_SECRET_ACCESS_KEY": "secret",
            ]
            let copied = try await fixture.storage(
                ["cp", "--json", folder("large").string, "s3://runs/large"], nil, settings
            ).succeed()
            #expect(try JSONValue(parsing: copied)["copied_bytes"]?.integer == Int(size))
            let listed = try await fixture.storage(["ls", "--json", "s3://runs/large"], nil, settings).succeed()
            #expect(try JSONValue(parsing: listed).array?.first?["size"]?.integer == Int(size))
            withExtendedLifetime(sink) {}
        }

        @Test func `a service with an authority of its own is trusted where AWS_CA_BUNDLE names that`() async throws {
            let authority = try await CertificateAuthority()
            let server = try await RcloneS3Server(
                certificate: try await authority.issue("server", for: "IP:127.0.0.1"))
            defer { server.stop() }
            let stranger = try await fixture.storage(["check"], server, ["AWS_CA_BUNDLE": nil]).run()
            #expect(stranger.status == 1 && stranger.output.contains("certificate"), "\(stranger.output)")
            let trusted = ["AWS_CA_BUNDLE": authority.certificate.string]
            let outcome = try await fixture.storage(["check", "--size", "17MiB"], server, trusted).run()
            #expect(outcome.status == 0 && outcome.output.contains("at https://127.0.0.1"), "\(outcome.output)")
        }
    }
}
