private import CLibCurl
private import Synchronization

/// The limit on the bytes per second that a client's long transfers move together, in each direction.
///
/// It has no lock: the client's threads read it all the time, and a thread at idle priority may stop at any point.
package final class Bandwidth: Sendable {
    /// 0 for no limit.
    private let limit = Atomic<Int64>(0)
    /// The number of long transfers on all of the client's threads.
    private let sharers = Atomic(0)

    init() {}

    /// nil for no limit; a change takes effect within a second.
    package var bytesPerSecond: Int64? {
        get {
            let now = limit.load(ordering: .relaxed)
            return now == 0 ? nil : now
        }
        set { limit.store(newValue.map { max(1, $0) } ?? 0, ordering: .relaxed) }
    }

    /// The bytes per second for each long transfer; 0 for no limit.
    var share: Int64 { bytesPerSecond.map { max(1, $0 / Int64(max(1, sharers.load(ordering: .relaxed)))) } ?? 0 }

    func join() { sharers.add(1, ordering: .relaxed) }
    func leave() { sharers.subtract(1, ordering: .relaxed) }
}

/// Applies the bandwidth limit to the transfers of one engine, on the engine's thread.
struct BandwidthShare {
    private var isLimited = false

    /// Sets the share of every long transfer where the limit or the number of transfers has changed.
    ///
    /// Short requests have no limit: a status must not wait for the upload of a checkpoint.
    /// <https://curl.se/libcurl/c/CURLOPT_MAX_SEND_SPEED_LARGE.html>
    mutating func apply(_ bandwidth: Bandwidth, to active: [UnsafeMutableRawPointer: Transfer]) {
        let share = bandwidth.share
        guard share != 0 || isLimited else { return }
        for (handle, transfer) in active where transfer.isLong && transfer.speed != share {
            transfer.speed = share
            _ = caas_curl_set_offset(handle, CURLOPT_MAX_SEND_SPEED_LARGE, Int(share))
            _ = caas_curl_set_offset(handle, CURLOPT_MAX_RECV_SPEED_LARGE, Int(share))
        }
        isLimited = share != 0
    }
}
