private import CLibCurl
private import Synchronization

/// How many bytes a second the long transfers of a client may move together, in each direction.
public final class Bandwidth: Sendable {
    private let limit = Mutex<Int64?>(nil)

    init() {}

    /// nil where there is no limit; a change holds within a second.
    public var bytesPerSecond: Int64? {
        get { limit.withLock { $0 } }
        set { limit.withLock { $0 = newValue.map { max(1, $0) } } }
    }
}

/// What each long transfer gets of the bandwidth, on the engine's thread.
struct BandwidthShare {
    private var applied: Int64?

    /// Tells every long transfer its part, where the limit or the number of transfers has changed.
    ///
    /// Short requests are left alone: nobody should wait for a status because a checkpoint is on its way.
    /// <https://curl.se/libcurl/c/CURLOPT_MAX_SEND_SPEED_LARGE.html>
    mutating func apply(_ bandwidth: Bandwidth, to active: [UnsafeMutableRawPointer: Transfer]) {
        let limit = bandwidth.bytesPerSecond
        guard limit != nil || applied != nil else { return }
        let long = active.filter { $0.value.isLong }
        let share = limit.map { max(1, $0 / Int64(max(1, long.count))) } ?? 0
        for (handle, transfer) in long where transfer.speed != share {
            transfer.speed = share
            _ = caas_curl_set_offset(handle, CURLOPT_MAX_SEND_SPEED_LARGE, Int(share))
            _ = caas_curl_set_offset(handle, CURLOPT_MAX_RECV_SPEED_LARGE, Int(share))
        }
        applied = limit
    }
}
