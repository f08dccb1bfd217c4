import NIOCore
import NIOPosix
import Synchronization

/// A loopback HTTP proxy that opens tunnels to a test's servers under arbitrary host names.
package final class LoopbackProxy: Sendable {
    private typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    /// The URL for `HTTPS_PROXY`.
    package let url: String
    private let task: Task<Void, Never>
    private let record: Record

    private final class Record: Sendable {
        let heads = Mutex<[String]>([])
    }

    /// Starts a proxy for hosts such as `["registry.test:443": port]`; it refuses other hosts with `refusal`.
    package init(to ports: [String: Int], refusal: String = "403 Forbidden") async throws {
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture { try Connection(wrappingChannelSynchronously: channel) }
            }
        let record = Record()
        self.record = record
        url = "http://127.0.0.1:\(server.channel.localAddress?.port ?? 0)"
        task = Task {
            try? await withThrowingDiscardingTaskGroup { group in
                try await server.executeThenClose { connections in
                    for try await connection in connections {
                        group.addTask { try? await Self.serve(connection, ports, refusal, record) }
                    }
                }
            }
        }
    }

    deinit { task.cancel() }

    /// The request line and the headers of every request to the proxy itself.
    package var heads: [String] { record.heads.withLock { $0 } }

    private static func serve(
        _ connection: Connection, _ ports: [String: Int], _ refusal: String, _ record: Record
    ) async throws {
        try await connection.executeThenClose { inbound, outbound in
            var bytes = inbound.makeAsyncIterator()
            var head = ""
            while !head.contains("\r\n\r\n"), let next = try await bytes.next() { head += String(buffer: next) }
            record.heads.withLock { [head] in $0.append(head) }
            let words = head.split(separator: " ")
            guard words.first == "CONNECT", let port = words.dropFirst().first.flatMap({ ports[String($0)] }) else {
                try await outbound.write(ByteBuffer(string: "HTTP/1.1 \(refusal)\r\nContent-Length: 0\r\n\r\n"))
                return
            }
            let upstream = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .connect(host: "127.0.0.1", port: port) { channel in
                    channel.eventLoop.makeCompletedFuture { try Connection(wrappingChannelSynchronously: channel) }
                }
            try await outbound.write(ByteBuffer(string: "HTTP/1.1 200 Connection established\r\n\r\n"))
            try await upstream.executeThenClose { answers, requests in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        for try await answer in answers { try await outbound.write(answer) }
                        outbound.finish()
                    }
                    while let next = try await bytes.next() { try await requests.write(next) }
                    requests.finish()
                    try await group.waitForAll()
                }
            }
        }
    }
}
