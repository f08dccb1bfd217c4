import HTTP
import Synchronization

/// What the transfers of one store may take; all of it may be changed while they run.
package final class TransferLimits: Sendable {
    /// How many files of a set are on their way at once: small ones wait for answers more than for the network, and the
    /// parts of large ones share one window anyway.
    package static let filesAtOnce = 8

    /// nil where nothing goes over the network.
    private let client: HTTPClient?
    private let ceiling: Mutex<Int>
    private let standing: Mutex<Standing>

    private struct Standing {
        var mayYield: Bool
        var isUrgent = false
        var isBackground: Bool { mayYield && !isUrgent }
    }

    init(_ client: HTTPClient?, partsAtOnce: Int, isBackground: Bool = false) {
        self.client = client
        ceiling = Mutex(max(1, partsAtOnce))
        standing = Mutex(Standing(mayYield: isBackground))
    }

    /// True while transfers have only what nobody else on this machine wants, or little where they get nothing of that.
    package var isBackground: Bool { standing.withLock { $0.isBackground } }

    /// True while somebody else on this machine has a use for the kernel's cache, however urgent transfers are.
    var sparesCache: Bool { standing.withLock { $0.mayYield } }

    /// From now on transfers take what they can get, as when the training beside them is over.
    package func leaveBackground() { change { $0.mayYield = false } }

    /// True while transfers take what they can get for once, since a machine that is busy all the time leaves them nothing.
    package var isUrgent: Bool {
        get { standing.withLock { $0.isUrgent } }
        set { change { $0.isUrgent = newValue } }
    }

    private func change(_ body: (inout Standing) -> Void) {
        standing.withLock { standing in
            body(&standing)
            client?.isBackground = standing.isBackground
        }
    }

    /// The most parts that are under way at once, however much more of them would be faster.
    package var partsAtOnce: Int {
        get { ceiling.withLock { $0 } }
        set { ceiling.withLock { $0 = max(1, newValue) } }
    }

    /// The bytes a second that files may take, in each direction; nil where there is no limit.
    package var bytesPerSecond: Int64? {
        get { client?.bandwidth.bytesPerSecond }
        set { client?.bandwidth.bytesPerSecond = newValue }
    }
}
