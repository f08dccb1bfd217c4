import NIOCore
import NIOPosix
import RunContract

/// Listens on PORT from the first second to the last.
public final class PageServer: Sendable {
    private let channel: any Channel
    private let group: MultiThreadedEventLoopGroup

    /// The port that it listens on.
    public var port: Int { channel.localAddress?.port ?? 0 }

    /// Begins to listen; without an address on all of this machine's.
    public init(address: String?, port: Int, site: LiveSite, relay: RelayGate) throws(SupervisionError) {
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        // A machine without IPv6 has no `::`.
        let addresses = address.map { [$0] } ?? ["::", "0.0.0.0"]
        var bound: (any Channel)?
        var reason = ""
        for address in addresses where bound == nil {
            do { bound = try Self.bootstrap(group, site, relay).bind(host: address, port: port).wait() } catch {
                reason = "\(error)"
            }
        }
        guard let bound else {
            throw SupervisionError(.configuration, "listen on port \(port) of \(addresses[0])", reason)
        }
        channel = bound
    }

    private static func bootstrap(
        _ group: MultiThreadedEventLoopGroup, _ site: LiveSite, _ relay: RelayGate
    ) -> ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 64 << 10, high: 256 << 10))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ConnectionHandler(site: site, relay: relay))
                }
            }
    }
}
