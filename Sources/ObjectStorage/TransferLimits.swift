import HTTP
import Synchronization

/// What the transfers of one client may take; all of it may be changed while they run.
public final class TransferLimits: Sendable {
    private let client: HTTPClient
    private let ceiling: Mutex<Int>

    init(_ client: HTTPClient, partsAtOnce: Int) {
        self.client = client
        ceiling = Mutex(max(1, partsAtOnce))
    }

    /// The most parts that are under way at once, however much more of them would be faster.
    public var partsAtOnce: Int {
        get { ceiling.withLock { $0 } }
        set { ceiling.withLock { $0 = max(1, newValue) } }
    }

    /// The bytes a second that files may take, in each direction; nil where there is no limit.
    public var bytesPerSecond: Int64? {
        get { client.bandwidth.bytesPerSecond }
        set { client.bandwidth.bytesPerSecond = newValue }
    }
}
