package import HTTP
import Hashing
import Synchronization
package import SystemPackage
import Timestamps

/// A bucket behind the S3 protocol: R2, AWS, and whatever else speaks it.
package final class S3Client: ObjectStore {
    /// How much is done at once, and how long is waited.
    package struct Options: Sendable {
        /// Parts under way at the same time in the beginning; more as long as that is faster.
        package var partsAtOnce = 4
        /// The most parts under way at the same time, which ``S3Client/limits`` changes later.
        package var mostPartsAtOnce = 16
        /// Files shorter than this go in one piece, and no part but the last is shorter.
        package var minimumPartSize: Int64 = 16 << 20
        /// True where files carry Content-MD5 besides the signed SHA-256, for servers that do not check that one.
        ///
        /// It costs more than twice what the SHA-256 costs.
        package var sendsContentMD5 = false
        /// Seconds without a byte after which a request is ended.
        package var stallSeconds = 60
        /// Objects that a server lists at once; 1000 is the most that any gives.
        package var objectsPerPage = 1000
        /// The folder where uploads in parts are noted, so that another process can go on with them.
        package var journal: FilePath?
        /// True where transfers must not slow anybody else on this machine, as beside a training.
        package var isBackground = false
        /// Hears of what is no error but should be known, in one line.
        package var notice: (@Sendable (String) -> Void)?
        /// This machine's clock, which a test may set wrong.
        var clock: @Sendable () -> Timestamp = { Timestamp.now() }

        /// The defaults.
        package init() {}
    }

    private struct Clock {
        /// What the last answer's Date says.
        var measured = 0
        /// What requests are signed with; changed only when a server refused the local time.
        var applied = 0
    }

    /// Where the bucket is.
    package let location: BucketLocation
    /// What the transfers of this client may take now.
    package let limits: TransferLimits
    let options: Options
    let policy: RetryPolicy
    let client: HTTPClient
    let signer: SigV4Signer
    let credentials: StorageCredentials
    let etags = ExpectedETags()
    let journal: UploadJournal
    let window: TransferWindow
    let hasher: PartHasher
    let blocks: BlockQueue
    /// Parts that are hashed and not sent yet: enough that one is always ready, and not more than memory holds until then.
    private let ahead = Turnstile()
    private let clock = Mutex(Clock())

    /// A client of one bucket.
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
        window = TransferWindow(startingWith: options.partsAtOnce, limits: limits)
        hasher = PartHasher(limits) { [window] in window.isCrowded }
        blocks = BlockQueue(limits)
        journal = UploadJournal(options.journal)
    }

    /// Seconds by which the server's clock is ahead of this machine's, by its last answer.
    package var clockOffset: Int { clock.withLock { $0.measured } }

    /// A URL with which whoever has it may do one thing to one object for so many seconds.
    package func presignedURL(_ method: String, _ key: String, seconds: Int) -> HTTPURL {
        signer.presign(method, location.url(key: key), seconds: seconds, at: now)
    }

    var now: Timestamp { options.clock() + clock.withLock { $0.applied } }

    /// Hashes a part when its turn comes, and does with it what is to be done; once that begins to move it somebody else's
    /// turn has come.
    func prepare<Value: Sendable>(
        _ action: String, as turn: PartTurn, _ body: (Turnstile.Pass) async throws(StorageError) -> Value
    ) async throws(StorageError) -> Value {
        try await ahead.run(action, as: turn, atMost: { PartHasher.partsAhead }, body)
    }

    /// A part is through: now it may be others' turn.
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

    /// Takes the server's time where a refusal may come from ours; what servers call that refusal differs.
    func adoptsClock(_ answer: HTTPResponse) -> Bool {
        guard [400, 401, 403].contains(answer.status) else { return false }
        return clock.withLock { clock in
            guard abs(clock.measured - clock.applied) > 120 else { return false }
            clock.applied = clock.measured
            return true
        }
    }
}
