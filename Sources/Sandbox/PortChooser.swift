import NIOCore
import NIOPosix
import Synchronization

/// Gives out ports of loopback that nobody listens on, none of them twice.
final class PortChooser: Sendable {
    private let given = Mutex<Set<Int>>([])

    /// A free port, which stays this caller's until it is released.
    func choose() async throws(SandboxError) -> Int {
        for _ in 0..<100 {
            guard let port = try await Self.free() else { break }
            if given.withLock({ $0.insert(port).inserted }) { return port }
        }
        throw SandboxError("find a port for the container", "none is free on 127.0.0.1")
    }

    /// Notes a port that a running container has.
    func reserve(_ port: Int) { given.withLock { _ = $0.insert(port) } }

    /// Takes a port back.
    func release(_ port: Int) { given.withLock { _ = $0.remove(port) } }

    private static func free() async throws(SandboxError) -> Int? {
        do {
            let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .bind(host: "127.0.0.1", port: 0).get()
            let port = channel.localAddress?.port
            try await channel.close()
            return port
        } catch { throw SandboxError("find a port for the container", error) }
    }
}
