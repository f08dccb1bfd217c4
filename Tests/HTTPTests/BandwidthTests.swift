import HTTP
import POSIX
import TestSupport
import Testing

/// A limit on the bytes per second, which may be set while a transfer runs.
struct BandwidthTests {
    private static func seconds(_ limit: Int64?, then later: Int64? = nil, bytes: Int) async throws -> Double {
        let server = try await LoopbackServer { _ in .answer(200) }
        let client = HTTPClient()
        client.bandwidth.bytesPerSecond = limit
        let clock = ContinuousClock()
        let start = clock.now
        async let sent = client.send(
            HTTPRequest("PUT", server.url("/long"), body: .bytes([UInt8](repeating: 7, count: bytes))))
        if let later {
            try await Task.sleep(for: .milliseconds(200))
            client.bandwidth.bytesPerSecond = later
        }
        #expect(try await sent.isSuccess)
        let spent = (clock.now - start).components
        return Double(spent.seconds) + Double(spent.attoseconds) * 1e-18
    }

    @Test func `a transfer takes as long as the limit says`() async throws {
        #expect(try await Self.seconds(4 << 20, bytes: 8 << 20) > 1.2)
    }

    @Test func `a limit that is lifted no longer holds`() async throws {
        #expect(try await Self.seconds(64 << 10, then: 1 << 30, bytes: 8 << 20) < 110, "and not two minutes")
    }

    @Test func `short requests are not held up`() async throws {
        #expect(try await Self.seconds(1024, bytes: 256 << 10) < 200, "and not four minutes")
    }
}
