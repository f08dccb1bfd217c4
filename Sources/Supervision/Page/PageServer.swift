import NIOCore
import NIOPosix
import POSIX
import RunContract
import SystemPackage

/// The HTTP server on PORT, from PID 1's start to its end.
package final class PageServer: Sendable {
    private struct Full: Error {}

    /// Seconds to wait for a thread and descriptors; a machine that has none for this long will not have them later.
    private static let patience = 60

    private let channel: any Channel
    private let group: MultiThreadedEventLoopGroup
    private let table: SharedTable

    package var port: Int { channel.localAddress?.port ?? 0 }

    /// Starts to listen; without an address on all addresses of the machine.
    package convenience init(
        address: String?, port: Int, site: LiveSite, relay: RelayGate
    ) throws(SupervisionError) {
        try self.init(
            address: address, port: port, site: site, relay: relay,
            limits: ConnectionLimits(descriptors: DescriptorLimit.count))
    }

    init(
        address: String?, port: Int, site: LiveSite, relay: RelayGate, limits: ConnectionLimits
    ) throws(SupervisionError) {
        try Self.waitForMeans()
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let table = SharedTable(ConnectionTable(limits, site))
        // A machine without IPv6 has no address `::`.
        let addresses = address.map { [$0] } ?? ["::", "0.0.0.0"]
        var bound: (any Channel)?
        var reason = ""
        for address in addresses where bound == nil {
            do { bound = try Self.bootstrap(group, site, relay, table).bind(host: address, port: port).wait() } catch {
                reason = "\(error)"
            }
        }
        guard let bound else {
            throw SupervisionError(.configuration, "listen on port \(port) of \(addresses[0])", reason)
        }
        channel = bound
        bound.eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
            table.value.sweep(.now())
            table.value.tick()
        }
        self.table = table
    }

    /// Closes connections that will have exceeded their time `minutes` from now.
    func sweep(minutesAhead minutes: Int64) async throws {
        try await channel.eventLoop.submit { [table] in table.value.sweep(.now() + .minutes(minutes)) }.get()
    }

    /// Waits until threads and descriptors are available, for at most ``patience``.
    ///
    /// NIO's event loop ends the process if it cannot create its thread or descriptors, so it is started only after
    /// this check.
    private static func waitForMeans() throws(SupervisionError) {
        var reason: Errno?
        for _ in 0..<patience * 10 {
            reason = Means.missing(threads: 2, descriptors: 16)
            guard let missing = reason else { return }
            Shortage.report("start the page", missing)
            BlockingThread.sleep(milliseconds: 100)
        }
        if let reason { throw SupervisionError(.internalError, "start the page", Shortage.reason(reason)) }
    }

    /// Sendable because all closures that use the table run on the one event loop.
    private final class SharedTable: @unchecked Sendable {
        let value: ConnectionTable
        init(_ table: ConnectionTable) { value = table }
    }

    /// Sendable for the same reason as ``SharedTable``.
    private final class SharedReserve: @unchecked Sendable {
        let value = DescriptorReserve()
    }

    private static func bootstrap(
        _ group: MultiThreadedEventLoopGroup, _ site: LiveSite, _ relay: RelayGate, _ table: SharedTable
    ) -> ServerBootstrap {
        let reserve = SharedReserve()
        return ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(reserve.value)
                }
            }
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 64 << 10, high: 256 << 10))
            .childChannelInitializer { channel in
                guard reserve.value.mayStay() else {
                    // Close it at once and reopen the reserve for the next shortage.
                    channel.close(promise: nil)
                    reserve.value.restore()
                    return channel.eventLoop.makeFailedFuture(Full())
                }
                return channel.eventLoop.makeCompletedFuture {
                    let handler = ConnectionHandler(site: site, gate: relay, table: table.value, channel: channel)
                    guard table.value.admit(handler) else { throw Full() }
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
    }
}
