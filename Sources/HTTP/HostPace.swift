import Synchronization

/// The hosts that have asked for a pause, shared by all tasks that send to them.
///
/// Otherwise each transfer would run into its own refusal, and keep a busy server busy.
package final class HostPace: Sendable {
    private let resumptions = Mutex<[String: ContinuousClock.Instant]>([:])

    /// Creates a pace without any pauses.
    package init() {}

    /// Records the pause that a 429, or a 503 with Retry-After, asks for; no task sends to the host during it.
    package func note(_ response: HTTPResponse, from url: HTTPURL, wait seconds: Double) {
        let isBusy = response.status == 429 || (response.status == 503 && response.headers["Retry-After"] != nil)
        guard isBusy else { return }
        let until = ContinuousClock.now + .seconds(seconds)
        resumptions.withLock { $0[url.authority] = max($0[url.authority] ?? until, until) }
    }

    /// Waits until requests to the host are allowed again.
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
