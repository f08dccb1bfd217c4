private import CLibCurl
private import Synchronization

/// How many bytes a second the long transfers of a client may move together, in each direction.
///
/// Its threads read it all the time, and one of them may stop at any point: there is no lock in it.
package final class Bandwidth: Sendable {
    /// 0 where there is no limit.
    private let limit = Atomic<Int64>(0)
    /// The long transfers of all the client's threads.
    private let sharers = Atomic(0)

    init() {}

    /// nil where there is no limit; a change holds within a second.
    package var bytesPerSecond: Int64? {
        get {
            let now = limit.load(ordering: .relaxed)
            return now == 0 ? nil : now
        }
        set { limit.store(newValue.map { max(1, $0) } ?? 0, ordering: .relaxed) }
    }

    /// What each long transfer gets, 0 where there is no limit.
    var share: Int64 { bytesPerSecond.map { max(1, $0 / Int64(max(1, sharers.load(ordering: .relaxed)))) } ?? 0 }

    func join() { sharers.add(1, ordering: .relaxed) }
    func leave() { sharers.subtract(1, ordering: .relaxed) }
}

/// What each long transfer gets of the bandwidth, on the engine's thread.
struct BandwidthShare {
    private var isLimited = false

    /// Tells every long transfer its part, where the limit or the number of transfers has changed.
    ///
    /// Short requests are left alone: nobody should wait for a status because a checkpoint is on its way.
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
