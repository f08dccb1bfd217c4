import HTTP
import Hashing
import ObjectStorage
import Secrets
import Synchronization
import TestSupport
import Timestamps

@testable import ObjectStorage

/// An S3 server that is strict where R2 is, and keeps account of what came.
///
/// <https://developers.cloudflare.com/r2/api/s3/api/> and <https://developers.cloudflare.com/r2/objects/multipart-objects/>.
/// What goes wrong on the way is a proxy's business; what R2 refuses by its rules is refused here.
final class R2Double: Sendable {
    /// The rules that a test may change while the server runs.
    struct Rules: Sendable {
        /// No part but the last may be shorter; R2's own is 5 MiB.
        var leastPart = 64 << 10
        /// Parts in one page of a listing; R2 gives 1000.
        var partsInPage = 3
        /// Milliseconds that must pass between two writes of one key; R2 wants 1000.
        var writeInterval = 0
        /// False where the key may only read.
        var mayWrite = true
        /// True once the temporary key is too old.
        var isKeyExpired = false
        /// Seconds by which the server's clock is ahead of this machine's.
        var clockOffset = 0
        /// False where object metadata is forgotten, as rclone does at its restart.
        var keepsMetadata = true
        /// What it makes of a request that names a source to be copied.
        var copying = Copying.copies
    }

    enum Copying: Sendable {
        case copies
        /// It says that it cannot.
        case refuses
        /// It takes the empty body for the content, as servers do that know nothing of copies.
        case ignores
        /// It says in the body of a 200 that it broke down, so many times.
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
        /// Whole parts that came, by upload and number.
        var received: [String: [Int: Int]] = [:]
        /// The parts that were there when the upload's were listed last.
        var listed: [String: Set<Int>] = [:]
        /// Parts that came again although the listing had them; what was in flight then is not among them.
        var repeated: [String: [Int]] = [:]
        var written: [String: ContinuousClock.Instant] = [:]
        var count = 0
    }

    static let bucket = "bucket-1"
    static let accessKeyID = "r2-key"
    static let secret = "r2-secret"

    let state = Mutex(State())
    // Set once, right after the server that refers to this value was made.
    private let server: Mutex<LoopbackServer?> = Mutex(nil)

    init() async throws {
        let made = try await LoopbackServer { [state = Unowned(self)] in state.value?.answer($0) ?? .close }
        server.withLock { $0 = made }
    }

    var endpoint: String { "http://\(server.withLock { $0?.host } ?? "")" }

    func change(_ body: (inout Rules) -> Void) { state.withLock { body(&$0.rules) } }

    /// What R2 does to uploads that are older than seven days.
    func forgetUploads() { state.withLock { $0.uploads = [:] } }

    func object(_ key: String) -> StoredObject? { state.withLock { $0.objects[key] } }
    var uploads: [String: Upload] { state.withLock { $0.uploads } }
    /// Everything that came.
    var requests: [ReceivedRequest] { server.withLock { $0?.requests ?? [] } }

    /// The parts of an upload that were sent although the server had said that it has them.
    func repeated(_ uploadID: String) -> [Int] { state.withLock { $0.repeated[uploadID] ?? [] } }

    /// How often each part of an upload came whole.
    func received(_ uploadID: String) -> [Int: Int] { state.withLock { $0.received[uploadID] ?? [:] } }

    /// A client with small parts.
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

    /// A reference that the server's closure may hold without keeping the double.
    private final class Unowned: Sendable {
        private let reference: @Sendable () -> R2Double?
        init(_ double: R2Double) { reference = { [weak double] in double } }
        var value: R2Double? { reference() }
    }
}
