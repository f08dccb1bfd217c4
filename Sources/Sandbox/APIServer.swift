import NIOCore
import NIOHTTP1
import NIOPosix

/// HTTP/1.1 on loopback, in front of whoever answers.
struct APIServer: Sendable {
    /// The largest body that is taken.
    static let bodyLimit = 1 << 20

    private let channel: any Channel

    /// Listens on a port of 127.0.0.1; 0 takes a free one.
    init(port: Int, answer: @escaping @Sendable (APIRequest) async -> APIAnswer) async throws(SandboxError) {
        do {
            channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.backlog, value: 256)
                // The port of an API that just died is still known to closed connections for a minute.
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                        try channel.pipeline.syncOperations.addHandler(APIConnection(answer: answer))
                    }
                }
                .bind(host: "127.0.0.1", port: port).get()
        } catch { throw SandboxError("listen on 127.0.0.1:\(port)", error) }
    }

    /// `127.0.0.1:` and the port.
    var address: String { "127.0.0.1:\(channel.localAddress?.port ?? 0)" }

    /// Waits until the server is closed, which happens only when it fails.
    func run() async throws { try await channel.closeFuture.get() }

    /// Stops listening.
    func close() async { try? await channel.close() }
}
