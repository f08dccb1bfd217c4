import HTTP
import ObjectStorage
import POSIX
import RunContract
import Secrets
import Synchronization
import TestSupport
import Testing

@testable import Supervision

/// Reports about transfers that make no progress.
struct StandstillWatchTests {
    private let runState = RunState(run: "r", stages: ["a"])
    private let log = RunLog(hiding: [Secret](), output: nil)
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try FileSystem.write([UInt8](repeating: 7, count: 3 << 20), to: folder("model.pt"))
    }

    private func watch(_ patience: Duration = .milliseconds(200)) -> StandstillWatch {
        StandstillWatch(
            log: log, runState: runState, patience: patience, repetition: .milliseconds(300),
            interval: .milliseconds(20))
    }

    private var lines: [String] { log.tail(100).map(\.line) }

    private func client(_ server: LoopbackServer, attempts: Int = 1000) throws -> S3Client {
        var options = S3Client.Options()
        options.minimumPartSize = 1 << 20
        return S3Client(
            try BucketLocation(endpoint: "http://\(server.host)", bucket: "b"),
            credentials: StorageCredentials(accessKeyID: "k", secretAccessKey: Secret("s")), client: HTTPClient(),
            policy: RetryPolicy(attempts: attempts, firstBound: 0.01, lastBound: 0.02), options: options)
    }

    /// Uploads a file until the log contains `text` `times` times, then cancels the upload; returns the log.
    private func lines(saying text: String, times: Int = 1, _ server: LoopbackServer) async throws -> [String] {
        let client = try client(server)
        let work = Task { [file = folder("model.pt")] in
            try await watch().during("checkpoint base/3") { () async throws -> Void in
                _ = try await client.upload(file, to: "runs/model.pt")
            }
        }
        let isSaid = try await eventually { lines.filter { $0.contains(text) }.count >= times ? true : nil }
        #expect(isSaid == true, "\(lines)")
        let reason = runState.status.reason
        #expect(reason.hasPrefix("checkpoint base/3: has not moved for"), "\(reason)")
        work.cancel()
        _ = await work.result
        #expect(runState.status.reason.isEmpty)
        return lines
    }

    private static let begun: ServerReply = .answer(
        200, text: "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>")

    @Test func `a server that does not answer is named by the part that it owes an answer to`() async throws {
        let server = try await LoopbackServer { $0.method == "POST" ? Self.begun : .silence }
        let lines = try await lines(saying: "waits for an answer to part 1 of 3 of model.pt", times: 2, server)
        #expect(lines.allSatisfy { $0.hasPrefix("checkpoint base/3 has not moved for") || $0.hasSuffix(" goes on") })
    }

    @Test func `a server that wants no more for a while is quoted`() async throws {
        let server = try await LoopbackServer { request in
            request.method == "POST"
                ? Self.begun
                : .answer(503, ["Retry-After": "100"], text: "<Error><Code>SlowDown</Code></Error>")
        }
        let lines = try await lines(saying: "for the next try of part 1 of 3 of model.pt", server)
        #expect(lines.contains { $0.contains("the server said 503 SlowDown, try 1 of 1000") })
    }

    @Test func `a server that joins the parts for long is waited for in words`() async throws {
        let server = try await LoopbackServer { request in
            if request.target.contains("?uploads") { return Self.begun }
            return request.method == "PUT" ? .answer(200, ["ETag": "\"e\""]) : .silence
        }
        _ = try await lines(saying: "waits for the server to join the parts of model.pt", server)
    }

    @Test func `what is read back is watched too`() async throws {
        let server = try await LoopbackServer { _ in .silence }
        let client = try client(server)
        let work = Task { try await watch().during("the verification of x") { try await client.head("runs/x") } }
        let isSaid = try await eventually {
            lines.contains { $0.contains("waits for an answer to HEAD x") } ? true : nil
        }
        #expect(isSaid == true, "\(lines)")
        work.cancel()
        _ = await work.result
    }

    @Test func `it is said once more when things go on, and not when nothing stood still`() async throws {
        let isHeld = Mutex(true)
        let store = FileStore(folder.path)
        let work = Task {
            await watch(.milliseconds(100)).during("checkpoint a/1") {
                for _ in 0..<3000 where isHeld.withLock({ $0 }) { try? await Task.sleep(for: .milliseconds(10)) }
                _ = try? await store.upload(folder("model.pt"), to: "copy")
                for _ in 0..<3000 where !lines.contains("checkpoint a/1 goes on") {
                    try? await Task.sleep(for: .milliseconds(10))
                }
            }
        }
        #expect(try await eventually { lines.isEmpty ? nil : true } == true)
        isHeld.withLock { $0 = false }
        await work.value
        #expect(lines.contains("checkpoint a/1 goes on"))
        #expect(runState.status.reason.isEmpty)

        let before = lines
        await watch(.seconds(60)).during("checkpoint a/2") {
            _ = try? await store.upload(folder("model.pt"), to: "copy-2")
        }
        #expect(lines == before)
    }

    @Test func `bytes that are sent once more move nothing`() async throws {
        // Each try ends after the whole part was received.
        let server = try await LoopbackServer { $0.method == "POST" ? Self.begun : .close }
        _ = try await lines(saying: "part 1 of 3 of model.pt", server)
    }
}
