import HTTP
import Hashing
import ObjectStorage
import Secrets
import Synchronization
import TestSupport
import Timestamps

@testable import ObjectStorage

/// An S3 server that is strict where R2 is, and records its requests.
///
/// <https://developers.cloudflare.com/r2/api/s3/api/> and
/// <https://developers.cloudflare.com/r2/objects/multipart-objects/>. A proxy simulates network faults; this server
/// refuses what R2 refuses by its rules.
final class R2Double: Sendable {
    /// The rules that a test may change while the server runs.
    struct Rules: Sendable {
        /// The smallest part except the last, in bytes; R2's own is 5 MiB.
        var leastPart = 64 << 10
        /// The parts in one page of a listing; R2 returns 1000.
        var partsInPage = 3
        /// The milliseconds that must pass between two writes of one key; R2 requires 1000.
        var writeInterval = 0
        /// False where the key may only read.
        var mayWrite = true
        /// True once the temporary key has expired.
        var isKeyExpired = false
        /// The seconds by which the server's clock is ahead of this machine's.
        var clockOffset = 0
        /// False where object metadata is lost, as by rclone on restart.
        var keepsMetadata = true
        /// The reaction to a request with a copy source.
        var copying = Copying.copies
    }

    enum Copying: Sendable {
        case copies
        /// It answers NotImplemented.
        case refuses
        /// It stores the empty body as the content, as servers without support for copies do.
        case ignores
        /// It reports an internal error in the body of a 200, the given number of times.
        case breaksDown(Int)
    }

    struct StoredObject: Sendable {
        var content: [UInt8]
        var etag: String
        var metadata: [String: String]
        var uploadID: String?
    }

    struct Upload: Sendable {
        let key: String
        let metadata: [String: String]
        var parts: [Int: (content: [UInt8], etag: String)] = [:]
    }

    struct State: Sendable {
        var rules = Rules()
        var objects: [String: StoredObject] = [:]
        var uploads: [String: Upload] = [:]
        /// The number of complete uploads of each part, by upload and part number.
        var received: [String: [Int: Int]] = [:]
        /// The parts in the last listing of each upload.
        var listed: [String: Set<Int>] = [:]
        /// Parts sent again although the listing contained them; does not count parts that were in flight then.
        var repeated: [String: [Int]] = [:]
        var written: [String: ContinuousClock.Instant] = [:]
        var count = 0
    }

    static let bucket = "bucket-1"
    static let accessKeyID = "r2-key"
    static let secret = "r2-secret"

    let state = Mutex(State())
    // Set once, right after the server that refers to this value was created.
    private let server: Mutex<LoopbackServer?> = Mutex(nil)

    init() async throws {
        let made = try await LoopbackServer { [state = Unowned(self)] in state.value?.answer($0) ?? .close }
        server.withLock { $0 = made }
    }

    var endpoint: String { "http://\(server.withLock { $0?.host } ?? "")" }

    func change(_ body: (inout Rules) -> Void) { state.withLock { body(&$0.rules) } }

    /// Drops all uploads, as R2 does with those older than seven days.
    func forgetUploads() { state.withLock { $0.uploads = [:] } }

    func object(_ key: String) -> StoredObject? { state.withLock { $0.objects[key] } }
    var uploads: [String: Upload] { state.withLock { $0.uploads } }
    var requests: [ReceivedRequest] { server.withLock { $0?.requests ?? [] } }

    /// Returns the parts of an upload that were sent although the server had listed them.
    func repeated(_ uploadID: String) -> [Int] { state.withLock { $0.repeated[uploadID] ?? [] } }

    /// Returns the number of times that each part of an upload was received completely.
    func received(_ uploadID: String) -> [Int: Int] { state.withLock { $0.received[uploadID] ?? [:] } }

    /// Creates a client with small parts.
    func client(
        endpoint: String? = nil, partSize: Int64 = 1 << 20, region: String = "auto", stallSeconds: Int = 30,
        policy: RetryPolicy = .quick, _ change: (inout S3Client.Options) -> Void = { _ in }
    ) throws -> S3Client {
        try Self.client(
            of: endpoint ?? self.endpoint, partSize: partSize, region: region, stallSeconds: stallSeconds,
            policy: policy, change)
    }

    static func client(
        of endpoint: String, partSize: Int64 = 1 << 20, region: String = "auto", stallSeconds: Int = 30,
        policy: RetryPolicy = .quick, _ change: (inout S3Client.Options) -> Void = { _ in }
    ) throws -> S3Client {
        var options = S3Client.Options()
        options.minimumPartSize = partSize
        options.stallSeconds = stallSeconds
        change(&options)
        return S3Client(
            try BucketLocation(endpoint: endpoint, bucket: Self.bucket, region: region),
            credentials: StorageCredentials(accessKeyID: Self.accessKeyID, secretAccessKey: Secret(Self.secret)),
            client: HTTPClient(), policy: policy, options: options)
    }

    /// A weak reference for the server's closure, so that it does not keep the double alive.
    private final class Unowned: Sendable {
        private let reference: @Sendable () -> R2Double?
        init(_ double: R2Double) { reference = { [weak double] in double } }
        var value: R2Double? { reference() }
    }
}
