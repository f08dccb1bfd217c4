import HTTP
import ObjectStorage
import RunContract
import Secrets
import Testing

@testable import Supervision

/// Uploads during a training that leaves them no processor time.
struct UrgencyPolicyTests {
    private let limits: TransferLimits
    private let log = RunLog(hiding: [Secret](), output: nil)

    init() throws {
        var settings = HTTPClient.Configuration()
        settings.isBackground = true
        var options = S3Client.Options()
        options.isBackground = true
        limits =
            S3Client(
                try BucketLocation(endpoint: "http://127.0.0.1:1", bucket: "b"),
                credentials: StorageCredentials(accessKeyID: "k", secretAccessKey: Secret("s")),
                client: HTTPClient(settings), options: options
            ).limits
    }

    private func patience(_ duration: Duration) -> UrgencyPolicy {
        UrgencyPolicy(limits: limits, log: log, duration: duration)
    }

    private var lines: [String] { log.tail(10).map(\.line) }

    @Test func `what takes long leaves the background for as long as it takes`() async throws {
        let wasUrgent = await patience(.milliseconds(20)).during("checkpoint a/1") {
            for _ in 0..<30_000 where limits.isBackground { try? await Task.sleep(for: .milliseconds(10)) }
            return limits.isUrgent && !limits.isBackground
        }
        #expect(wasUrgent)
        #expect(limits.isBackground)
        #expect(lines == ["checkpoint a/1 takes longer than 0 s; its upload yields to the training no more"])
    }

    @Test func `what is quick, or fails, stays and says nothing`() async throws {
        #expect(await patience(.seconds(60)).during("checkpoint a/1") { limits.isBackground })
        await #expect(throws: CancellationError.self) {
            try await patience(.seconds(60)).during("checkpoint a/2") { throw CancellationError() }
        }
        #expect(limits.isBackground && lines.isEmpty)
    }

    @Test func `once the training is over nothing goes back to the background`() async throws {
        await patience(.milliseconds(20)).during("checkpoint a/1") {
            for _ in 0..<30_000 where limits.isBackground { try? await Task.sleep(for: .milliseconds(10)) }
            limits.leaveBackground()
        }
        #expect(!limits.isBackground && !limits.isUrgent)
    }
}
