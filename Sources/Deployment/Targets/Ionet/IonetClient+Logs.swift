package import HTTP
import Hashing
package import JSON
private import Synchronization

/// The log of a running container.
extension IonetClient {
    /// A stream of the log; each is read through its own connection.
    package enum LogStream: String, Sendable, CaseIterable {
        case stdout, stderr
    }

    /// Passes the lines of a container's log to `line` until the server ends the stream.
    ///
    /// `line` is called on the transfer thread of `client`, which blocks until it returns: pass a client that does
    /// nothing else. <https://io.net/docs/reference/caas/get-container-logs>
    package func log(
        deployment: JSONValue, container: JSONValue, stream: LogStream, client: HTTPClient,
        line: @escaping @Sendable (String) -> Void
    ) async throws(DeploymentError) {
        let action = "read the log of \(container.identifierText)"
        var request = request(
            "GET", path(deployment) + "/log/\(PercentEncoding.encode(container.identifierText, keepingSlash: false))",
            [("stream", stream.rawValue)])
        request.headers["Accept"] = "text/event-stream"
        // A training run may print nothing for minutes; a dead connection is detected after this time.
        request.stallSeconds = 300
        let sink = LogSink(line)
        let answer: HTTPResponse
        do throws(HTTPError) { answer = try await client.send(request, to: sink) } catch {
            throw DeploymentError(error.code == .cancelled ? .cancelled : .unreachable, action, error.description)
        }
        guard answer.isSuccess else {
            let code: DeploymentError.Code = answer.status == 404 ? .notFound : .refused
            throw DeploymentError(code, action, IonetAnswer.explain(answer))
        }
        sink.finish()
    }
}

/// Splits a response body into log lines.
private final class LogSink: HTTPBodySink {
    private let stream = Mutex(EventStream(contentType: nil))
    private let line: @Sendable (String) -> Void

    init(_ line: @escaping @Sendable (String) -> Void) { self.line = line }

    func begin(_ response: HTTPResponse) {
        stream.withLock { $0 = EventStream(contentType: response.headers["Content-Type"]) }
    }

    func receive(_ bytes: UnsafeRawBufferPointer) {
        for text in stream.withLock({ $0.lines(bytes) }) { line(text) }
    }

    func finish() {
        for text in stream.withLock({ $0.finish() }) { line(text) }
    }
}
