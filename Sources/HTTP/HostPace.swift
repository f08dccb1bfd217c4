import Synchronization

/// Which hosts have asked for a pause, known to every task that talks to them.
///
/// Without it each of many transfers would find out by itself, and keep a busy server busy.
package final class HostPace: Sendable {
    private let resumptions = Mutex<[String: ContinuousClock.Instant]>([:])

    /// No host has asked for anything yet.
    package init() {}

    /// Notes what an answer of 429, or of 503 with a time, asks for: nobody sends to this host for so many seconds.
    package func note(_ response: HTTPResponse, from url: HTTPURL, wait seconds: Double) {
        let isBusy = response.status == 429 || (response.status == 503 && response.headers["Retry-After"] != nil)
        guard isBusy else { return }
        let until = ContinuousClock.now + .seconds(seconds)
        resumptions.withLock { $0[url.authority] = max($0[url.authority] ?? until, until) }
    }

    /// Waits until the host may be asked again.
    package func wait(for url: HTTPURL) async throws(CancellationError) {
        while let until = resumptions.withLock({ $0[url.authority] }) {
            guard until > .now else {
                resumptions.withLock { if $0[url.authority] == until { $0[url.authority] = nil } }
                return
            }
            do { try await Task.sleep(until: until) } catch { throw CancellationError() }
        }
    }
}
