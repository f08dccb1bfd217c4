package import HTTP
package import JSON
private import Synchronization

/// The log of a container while it lives.
extension IonetClient {
    /// Which of the two streams, each of which is a connection of its own.
    package enum LogStream: String, Sendable, CaseIterable {
        case stdout, stderr
    }

    /// Hands the lines of a container's log to `line`, until the server ends the stream.
    ///
    /// `line` is called from the transfer thread of `client`, which waits for it: give it a client of its own.
    /// <https://io.net/docs/reference/caas/get-container-logs>
    package func log(
        deployment: JSONValue, container: JSONValue, stream: LogStream, client: HTTPClient,
        line: @escaping @Sendable (String) -> Void
    ) async throws(DeploymentError) {
        let action = "read the log of \(container.identifierText)"
        var request = request(
            "GET", path(deployment) + "/log/\(Self.encoded(container.identifierText))", [("stream", stream.rawValue)])
        request.headers["Accept"] = "text/event-stream"
        // A training may be silent for minutes; a connection that died is found out by then.
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

/// Cuts an answer's body into the lines of a log.
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
