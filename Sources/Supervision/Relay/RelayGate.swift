import CLinux
import RunContract
import Synchronization

/// Whether requests go to the model server, and where it listens.
package final class RelayGate: Sendable {
    enum State: Sendable, Hashable {
        /// There is no model to ask, and there will be none.
        case closed
        /// It is not there yet, or not there at the moment.
        case waiting(retryAfter: Int)
        case open(port: Int, hasRoot: Bool)
    }

    /// True where requests need no token.
    package let isPublic: Bool
    private let current: Mutex<State>

    /// A gate that will open later, or one that never does.
    package init(willOpen: Bool, isPublic: Bool) {
        self.isPublic = isPublic
        current = Mutex(willOpen ? .waiting(retryAfter: 30) : .closed)
    }

    var state: State { current.withLock { $0 } }

    /// The model listens; `hasRoot` says that it answers `/` with 2xx.
    func open(port: Int, hasRoot: Bool) { current.withLock { $0 = .open(port: port, hasRoot: hasRoot) } }
    /// The model will be back in a while.
    func wait(retryAfter: Int) { current.withLock { $0 = .waiting(retryAfter: retryAfter) } }
    /// The model is gone for good.
    func close() { current.withLock { $0 = .closed } }

    /// A port of 127.0.0.1 that nobody uses now.
    static func freePort() async throws(SupervisionError) -> Int {
        let port = caas_free_loopback_port()
        guard port > 0 else {
            throw SupervisionError(.internalError, "find a free port", "error \(CLinux.__errno_location().pointee)")
        }
        return Int(port)
    }
}
