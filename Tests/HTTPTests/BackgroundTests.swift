import CLinux
import POSIX
import Synchronization
import TestSupport
import Testing

@testable import HTTP

/// A client that leaves the processors to others until it leaves the background.
struct BackgroundTests {
    private static let idle: Int32 = 5
    private static let size = 3 << 20

    /// Observes and stops the thread at idle priority.
    private final class YieldingThread: Sendable {
        private let state = Mutex((policies: Set<Int32>(), isStopped: false, rounds: 0))

        /// The scheduling policies of the observed threads.
        var policies: Set<Int32> { state.withLock { $0.policies } }
        var rounds: Int { state.withLock { $0.rounds } }
        func stop() { state.withLock { $0.isStopped = true } }
        func goOn() { state.withLock { $0.isStopped = false } }

        func round() {
            state.withLock { state in
                state.policies.insert(caas_scheduling_policy())
                state.rounds += 1
            }
            while state.withLock({ $0.isStopped }) { BlockingThread.sleep(milliseconds: 5) }
        }
    }

    private let folder: TemporaryFolder
    private let file: BodyFile
    private let thread = YieldingThread()

    init() throws {
        folder = try TemporaryFolder()
        try FileSystem.write([UInt8](repeating: 7, count: Self.size), to: folder("file"))
        file = try BodyFile(folder("file"))
    }

    private func client() -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.isBackground = true
        configuration.whileYielding = { [thread] in thread.round() }
        return HTTPClient(configuration)
    }

    private func long(_ server: LoopbackServer, _ target: String = "/long") -> HTTPRequest {
        HTTPRequest("PUT", server.url(target), body: .file(file, offset: 0, length: Int64(Self.size)))
    }

    /// Returns the niceness of the client's thread while it sends; 19 is the lowest priority.
    private static func priority(_ client: HTTPClient, _ request: HTTPRequest) async throws -> Int32? {
        let seen = Mutex<Int32?>(nil)
        var request = request
        request.onUpload = { _ in
            let now = getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
            seen.withLock { $0 = now }
        }
        #expect(try await client.send(request).isSuccess)
        return seen.withLock { $0 }
    }

    @Test func `only long bodies wait for what others leave`() async throws {
        let server = try await LoopbackServer { _ in .answer(200) }
        let short = HTTPRequest("PUT", server.url("/x"), body: .bytes([1, 2, 3]))
        let plain = try await Self.priority(HTTPClient(), short)
        let client = client()
        #expect(try await Self.priority(client, short) == plain)
        #expect(thread.policies == [])
        // Progress is reported without waiting for the thread that sends.
        #expect(try await Self.priority(client, long(server)) == plain)
        #expect(thread.policies == [Self.idle])
        let rounds = thread.rounds
        client.isBackground = false
        thread.stop()
        #expect(try await Self.priority(client, long(server)) == plain)
        thread.goOn()
        #expect(thread.rounds <= rounds + 1)
        let busy = HTTPClient()
        busy.isBackground = true
        #expect(!busy.isBackground)
    }

    @Test func `progress ends with all that was sent`() async throws {
        let server = try await LoopbackServer { _ in .answer(200) }
        let seen = Mutex<[Int64]>([])
        var request = long(server)
        request.onUpload = { bytes in seen.withLock { $0.append(bytes) } }
        #expect(try await client().send(request).isSuccess)
        // On a busy machine another thread may have started the request anew.
        #expect(seen.withLock { $0.last } == Int64(Self.size))
    }

    @Test func `what is under way when it leaves comes to its end`() async throws {
        let server = try await LoopbackServer { _ in .answer(200) }
        let client = client()
        client.bandwidth.bytesPerSecond = 4 << 20
        async let sent = client.send(long(server))
        #expect(try await eventually { server.requests.isEmpty ? nil : true } != nil)
        client.isBackground = false
        #expect(try await sent.isSuccess)
    }

    @Test(arguments: [true, false])
    func `what a thread without a processor has begun, another sends`(_ staysBehind: Bool) async throws {
        let server = try await LoopbackServer { _ in .answer(200) }
        let client = client()
        #expect(try await client.send(long(server, "/first")).isSuccess)
        thread.stop()
        defer { thread.goOn() }
        async let sent = client.send(long(server, "/second"))
        async let alongside = client.send(long(server, "/third"))
        // Short requests are not affected.
        #expect(try await client.send(HTTPRequest("GET", server.url("/short"))).isSuccess)
        if !staysBehind { client.isBackground = false }
        #expect(try await sent.isSuccess)
        #expect(try await alongside.isSuccess)
        #expect(server.requests.filter { $0.line == "PUT /second" }.count == 1)
        // For a while no transfer is started there.
        #expect(try await client.send(long(server, "/fourth")).isSuccess)
    }

    @Test func `who is cancelled waits for no thread without a processor`() async throws {
        let server = try await LoopbackServer { _ in .answer(200) }
        let client = client()
        #expect(try await client.send(long(server)).isSuccess)
        thread.stop()
        defer { thread.goOn() }
        let sending = Task { try await client.send(long(server, "/never")) }
        sending.cancel()
        let error = await #expect(throws: HTTPError.self) { try await sending.value }
        #expect(error?.code == .cancelled)
    }

    @Test func `nothing is sent twice that was abandoned`() async throws {
        let server = try await LoopbackServer { _ in .answer(200) }
        let client = client()
        thread.stop()
        #expect(try await client.send(long(server, "/moved")).isSuccess)
        let rounds = thread.rounds
        thread.goOn()
        #expect(try await eventually { thread.rounds > rounds + 1 ? true : nil } != nil)
        #expect(server.requests.filter { $0.line == "PUT /moved" }.count == 1)
    }
}
