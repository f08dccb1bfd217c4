import CLinux
import HTTP
import Synchronization
import TestSupport
import Testing

/// A client that yields to everybody else, until it need not any more.
struct BackgroundTests {
    /// The priority of the thread that sends, as the kernel knows it: 19 is the lowest.
    private static func priority(_ client: HTTPClient, _ server: LoopbackServer) async throws -> Int32? {
        let seen = Mutex<Int32?>(nil)
        var request = HTTPRequest("PUT", server.url("/x"), body: .bytes([1, 2, 3]))
        request.onUpload = { _ in
            let now = getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
            seen.withLock { $0 = now }
        }
        #expect(try await client.send(request).isSuccess)
        return seen.withLock { $0 }
    }

    @Test func `its thread has the lowest priority while it is in the background`() async throws {
        let server = try await LoopbackServer { _ in .answer(200) }
        var configuration = HTTPClient.Configuration()
        let plain = try await Self.priority(HTTPClient(configuration), server)
        configuration.isBackground = true
        let client = HTTPClient(configuration)
        #expect(try await Self.priority(client, server) == 19)
        for isBackground in [false, false, true, false, true] {
            client.isBackground = isBackground
            #expect(try await Self.priority(client, server) == (isBackground ? 19 : plain))
        }
        let busy = HTTPClient()
        busy.isBackground = true
        #expect(!busy.isBackground)
        #expect(try await Self.priority(busy, server) == plain)
    }

    @Test func `what is under way when it leaves comes to its end`() async throws {
        let server = try await LoopbackServer { _ in .answer(200) }
        var configuration = HTTPClient.Configuration()
        configuration.isBackground = true
        let client = HTTPClient(configuration)
        client.bandwidth.bytesPerSecond = 4 << 20
        async let sent = client.send(
            HTTPRequest("PUT", server.url("/long"), body: .bytes([UInt8](repeating: 7, count: 4 << 20))))
        try await Task.sleep(for: .milliseconds(100))
        client.isBackground = false
        #expect(try await sent.isSuccess)
    }
}
