import HTTP
import Synchronization
import TestSupport
import Testing

@Suite struct SinkTests {
    @Test func `a good body goes to the sink, a bad one into the answer`() async throws {
        let content = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0) }
        let server = try await LoopbackServer { request in
            switch request.path {
            case "/good": .answer(200, body: content)
            case "/moved": .answer(302, ["Location": "/good"], text: "this way")
            default: .answer(404, text: "none such")
            }
        }
        for path in ["/good", "/moved"] {
            let sink = Sink()
            let response = try await HTTPClient().send(HTTPRequest("GET", server.url(path)), to: sink)
            #expect(response.body.isEmpty)
            #expect(sink.bytes == content)
            #expect(sink.beginnings == [200])
        }
        let sink = Sink()
        let response = try await HTTPClient().send(HTTPRequest("GET", server.url("/bad")), to: sink)
        #expect(response.status == 404)
        #expect(response.excerpt == "none such")
        #expect(sink.beginnings.isEmpty)
    }

    @Test func `a sink that refuses ends the request with its reason`() async throws {
        let server = try await LoopbackServer { _ in .answer(200, text: "content") }
        let error = await #expect(throws: HTTPError.self) {
            try await HTTPClient().send(HTTPRequest("GET", server.url("/")), to: Sink(refuses: true))
        }
        #expect(error?.code == .localBody)
        #expect(error?.reason == "the disk is full")
    }

    private struct Refusal: Error, CustomStringConvertible { let description = "the disk is full" }

    private final class Sink: HTTPBodySink {
        private let state = Mutex<(beginnings: [Int], bytes: [UInt8])>(([], []))
        private let refuses: Bool

        init(refuses: Bool = false) { self.refuses = refuses }

        var beginnings: [Int] { state.withLock { $0.beginnings } }
        var bytes: [UInt8] { state.withLock { $0.bytes } }

        func begin(_ response: HTTPResponse) throws { state.withLock { $0.beginnings.append(response.status) } }

        func receive(_ bytes: UnsafeRawBufferPointer) throws {
            if refuses { throw Refusal() }
            let copy = Array(bytes)
            state.withLock { $0.bytes.append(contentsOf: copy) }
        }
    }
}
