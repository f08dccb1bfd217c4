import HTTP
import POSIX
import TestSupport
import Testing

/// Bodies that are sent while they are being written.
@Suite struct GrowingFileTests {
    private let folder: TemporaryFolder
    private let content = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }

    init() throws { folder = try TemporaryFolder() }

    private func write(_ pieces: Int, then end: @escaping @Sendable (GrowingFile) -> Void) throws -> GrowingFile {
        let path = try folder.write("growing", "")
        let growing = try GrowingFile(path)
        let content = content
        BlockingThread.start {
            guard let file = try? File(path, .append(mode: 0o644)) else { return growing.abandon() }
            let length = content.count / pieces
            for piece in 0..<pieces {
                let rest = piece == pieces - 1 ? content.count : (piece + 1) * length
                try? file.write(Array(content[piece * length..<rest]))
                growing.grow(to: Int64(rest))
                BlockingThread.sleep(milliseconds: 5)
            }
            end(growing)
        }
        return growing
    }

    @Test(arguments: [1, 2, 40])
    func `what is written in pieces arrives whole, in chunks`(pieces: Int) async throws {
        let server = try await LoopbackServer { .answer(202, body: $0.body) }
        let file = try write(pieces) { $0.end() }
        let response = try await HTTPClient().send(HTTPRequest("PATCH", server.url("/"), body: .growing(file)))
        #expect(response.status == 202)
        #expect(response.body == content)
        let received = try #require(server.requests.first)
        #expect(received.headers["Transfer-Encoding"] == "chunked")
        #expect(received.headers["Content-Length"] == nil)
    }

    @Test func `what its writer gives up is no request that succeeds`() async throws {
        let server = try await LoopbackServer { _ in .answer(202) }
        let file = try write(3) { $0.abandon() }
        let error = await #expect(throws: HTTPError.self) {
            try await HTTPClient().send(HTTPRequest("PATCH", server.url("/"), body: .growing(file)))
        }
        #expect(error?.code == .localBody)
    }

    @Test func `an answer that comes before the end ends the sending`() async throws {
        let server = try await LoopbackServer(interrupting: { $0.body.isEmpty ? nil : .answer(413) }) { _ in
            .answer(202)
        }
        let growing = try GrowingFile(try folder.write("growing", "some bytes"))
        growing.grow(to: 10)
        let response = try await HTTPClient().send(HTTPRequest("PATCH", server.url("/"), body: .growing(growing)))
        #expect(response.status == 413)
    }

    @Test func `an empty file is an empty body`() async throws {
        let server = try await LoopbackServer { .answer(202, body: $0.body) }
        let growing = try GrowingFile(try folder.write("growing", ""))
        growing.end()
        let response = try await HTTPClient().send(HTTPRequest("PATCH", server.url("/"), body: .growing(growing)))
        #expect(response.status == 202 && response.body.isEmpty)
    }
}
