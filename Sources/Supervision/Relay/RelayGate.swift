import CLinux
import RunContract
import Synchronization

/// The state of the model server: whether requests go to it, and on which port.
package final class RelayGate: Sendable {
    /// Whether requests can go to the model server.
    enum State: Sendable, Hashable {
        /// There is no model server, and there will be none.
        case closed
        /// The model server is not ready yet, or restarts.
        case waiting(retryAfter: Int)
        case open(port: Int, hasRoot: Bool)
    }

    /// True if requests need no token.
    package let isPublic: Bool
    private let current: Mutex<State>

    /// Creates a gate that will open later, or one that never opens.
    package init(willOpen: Bool, isPublic: Bool) {
        self.isPublic = isPublic
        current = Mutex(willOpen ? .waiting(retryAfter: 30) : .closed)
    }

    var state: State { current.withLock { $0 } }

    /// Opens the gate; `hasRoot` is true if the model answers `/` with 2xx.
    func open(port: Int, hasRoot: Bool) { current.withLock { $0 = .open(port: port, hasRoot: hasRoot) } }
    /// Marks the model as temporarily unavailable.
    func wait(retryAfter: Int) { current.withLock { $0 = .waiting(retryAfter: retryAfter) } }
    /// Marks the model as permanently unavailable.
    func close() { current.withLock { $0 = .closed } }

    /// Returns a free port of 127.0.0.1.
    static func freePort() async throws(SupervisionError) -> Int {
        let port = caas_free_loopback_port()
        guard port > 0 else {
            throw SupervisionError(.internalError, "find a free port", "error \(CLinux.__errno_location().pointee)")
        }
        return Int(port)
    }
}
