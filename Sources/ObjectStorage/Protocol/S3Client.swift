package import HTTP
import Hashing
import Synchronization
package import SystemPackage
import Timestamps

/// A client of one bucket behind the S3 protocol: R2, AWS and compatible services.
package final class S3Client: ObjectStore, PresigningStore, ServerSideCopying, MultipartStore {
    /// Limits on concurrency and waiting, and other settings of a client.
    package struct Options: Sendable {
        /// The number of parts transferred at the same time at the start; it grows as long as that is faster.
        package var partsAtOnce = 4
        /// The most parts transferred at the same time; ``S3Client/limits`` changes it later.
        package var mostPartsAtOnce = 16
        /// Files shorter than this, in bytes, are sent in one request; no part except the last is shorter.
        package var minimumPartSize: Int64 = 16 << 20
        /// True where files carry Content-MD5 besides the signed SHA-256, for servers that do not check the latter.
        ///
        /// MD5 costs more than twice what SHA-256 costs.
        package var sendsContentMD5 = false
        /// Seconds without a byte after which a request is ended.
        package var stallSeconds = 60
        /// The max-keys of a listing; no server returns more than 1000.
        package var objectsPerPage = 1000
        /// The folder for records of multipart uploads, so that another process can resume them.
        package var journal: FilePath?
        /// True where transfers must not slow other processes on this machine, such as a training run.
        package var isBackground = false
        /// Receives one-line notices of conditions that are not errors.
        package var notice: (@Sendable (String) -> Void)?
        /// This machine's clock; tests may set it wrong.
        var clock: @Sendable () -> Timestamp = { Timestamp.now() }

        package init() {}
    }

    private struct Clock {
        /// The difference according to the last answer's Date header, in seconds.
        var measured = 0
        /// The difference that signatures use, in seconds; changes only after a server refused the local time.
        var applied = 0
    }

    package let location: BucketLocation
    /// The limits on this client's transfers, which may change at any time.
    package let limits: TransferLimits
    let options: Options
    let policy: RetryPolicy
    let client: HTTPClient
    let signer: SigV4Signer
    let credentials: StorageCredentials
    let etags = ExpectedETags()
    let journal: MultipartJournal
    let window: AdaptiveConcurrency
    let hasher: PartHasher
    let blocks: WriteQueue
    /// Limits the parts that are hashed but not yet sent.
    ///
    /// Enough that one is always ready, and few enough that the page cache holds them until they are sent.
    private let ahead = AsyncSemaphore()
    private let clock = Mutex(Clock())

    package init(
        _ location: BucketLocation, credentials: StorageCredentials, client: HTTPClient,
        policy: RetryPolicy = RetryPolicy(), options: Options = Options()
    ) {
        self.location = location
        self.options = options
        self.policy = policy
        self.client = client
        self.credentials = credentials
        signer = SigV4Signer(credentials, region: location.region)
        limits = TransferLimits(
            client, partsAtOnce: options.mostPartsAtOnce, isBackground: options.isBackground)
        window = AdaptiveConcurrency(startingWith: options.partsAtOnce, limits: limits)
        hasher = PartHasher(limits) { [window] in window.isCrowded }
        blocks = WriteQueue(limits)
        journal = MultipartJournal(options.journal)
    }

    package var traits: StoreTraits { StoreTraits(isRemote: true, provesByListing: true) }

    package func name(_ key: String) -> String { location.name(key) }

    /// The seconds by which the server's clock is ahead of this machine's, by its last answer.
    package var clockOffset: Int { clock.withLock { $0.measured } }

    var now: Timestamp { options.clock() + clock.withLock { $0.applied } }

    /// Waits for a part's turn to be hashed, then runs `body`; the next part may enter once `body` gives its pass back.
    func prepare<Value: Sendable>(
        _ action: String, as turn: PartTurn, _ body: (AsyncSemaphore.Pass) async throws(StorageError) -> Value
    ) async throws(StorageError) -> Value {
        try await ahead.run(action, as: turn, atMost: { PartHasher.partsAhead }, body)
    }

    /// Marks a part as finished, which may make it the turn of others.
    func finish(_ turn: PartTurn) {
        turn.order.finish(turn.part)
        window.look()
        ahead.look { PartHasher.partsAhead }
        hasher.start()
    }

    func pause(_ seconds: Double, _ action: String) async throws(StorageError) {
        do { try await Task.sleep(for: .seconds(seconds)) } catch {
            throw StorageError(.cancelled, action, "cancelled")
        }
    }

    func learnClock(_ answer: HTTPResponse) {
        guard let date = answer.headers["Date"].flatMap(Timestamp.init(http:)) else { return }
        clock.withLock { $0.measured = date.seconds - options.clock().seconds }
    }

    /// Adopts the server's time where a wrong local clock may explain a refusal; returns true where it did.
    ///
    /// The error code for a wrong clock differs between servers, so only the status and the measured difference count.
    func adoptsClock(_ answer: HTTPResponse) -> Bool {
        guard [400, 401, 403].contains(answer.status) else { return false }
        return clock.withLock { clock in
            guard abs(clock.measured - clock.applied) > 120 else { return false }
            clock.applied = clock.measured
            return true
        }
    }
}
