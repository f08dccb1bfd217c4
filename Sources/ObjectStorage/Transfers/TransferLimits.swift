import HTTP
import Synchronization

/// The limits on the transfers of one store; each may change while transfers run.
package final class TransferLimits: Sendable {
    /// The number of files of a set that are transferred at once.
    ///
    /// Small files wait for answers more than for the network, and the parts of large files share one window anyway.
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

    /// True while transfers get only idle processor time, or a small share where there is none.
    package var isBackground: Bool { standing.withLock { $0.isBackground } }

    /// True while transfers should leave the page cache to other processes, even when they are urgent.
    var sparesCache: Bool { standing.withLock { $0.mayYield } }

    /// Gives transfers the full share from now on, for instance when the training run next to them has ended.
    package func leaveBackground() { change { $0.mayYield = false } }

    /// True while transfers temporarily get the full share, because a machine that is always busy leaves them nothing.
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

    /// The most parts transferred at once, even where more would be faster.
    package var partsAtOnce: Int {
        get { ceiling.withLock { $0 } }
        set { ceiling.withLock { $0 = max(1, newValue) } }
    }

    /// The bytes per second that files may use in each direction; nil for no limit.
    package var bytesPerSecond: Int64? {
        get { client?.bandwidth.bytesPerSecond }
        set { client?.bandwidth.bytesPerSecond = newValue }
    }
}
