import NIOCore
import NIOPosix
import Synchronization
import Wording

/// Assigns free loopback ports, each to one container at a time.
final class PortChooser: Sendable {
    private let given = Mutex<Set<Int>>([])

    /// Returns a free port, which stays assigned until it is released.
    func choose() async throws -> Int {
        for _ in 0..<100 {
            guard let port = try await Self.free() else { break }
            if given.withLock({ $0.insert(port).inserted }) { return port }
        }
        throw Failure("find a port for the container", "none is free on 127.0.0.1")
    }

    /// Marks the port of a running container as assigned.
    func reserve(_ port: Int) { given.withLock { _ = $0.insert(port) } }

    /// Makes a port available again.
    func release(_ port: Int) { given.withLock { _ = $0.remove(port) } }

    private static func free() async throws -> Int? {
        do {
            let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .bind(host: "127.0.0.1", port: 0).get()
            let port = channel.localAddress?.port
            try await channel.close()
            return port
        } catch { throw Failure("find a port for the container", error) }
    }
}
