import NIOCore
import NIOHTTP1
import NIOPosix
import Wording

/// An HTTP/1.1 server on loopback.
struct APIServer: Sendable {
    /// The largest accepted body, in bytes.
    static let bodyLimit = 1 << 20

    private let channel: any Channel

    /// Listens on a port of 127.0.0.1; 0 takes a free one.
    init(port: Int, answer: @escaping @Sendable (APIRequest) async -> APIAnswer) async throws {
        do {
            channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.backlog, value: 256)
                // Connections in TIME_WAIT occupy the port for about a minute after an API process ends.
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                        try channel.pipeline.syncOperations.addHandler(APIConnection(answer: answer))
                    }
                }
                .bind(host: "127.0.0.1", port: port).get()
        } catch { throw Failure("listen on 127.0.0.1:\(port)", error) }
    }

    /// The host and port, as in `127.0.0.1:8080`.
    var address: String { "127.0.0.1:\(channel.localAddress?.port ?? 0)" }

    /// Waits until the server is closed, which happens only when it fails.
    func run() async throws { try await channel.closeFuture.get() }

    func close() async { try? await channel.close() }
}
