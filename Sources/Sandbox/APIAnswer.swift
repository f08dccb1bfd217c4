import JSON

/// A response of the API.
struct APIAnswer: Sendable {
    enum Content: Sendable {
        case json(JSONValue)
        /// Server-sent events, written as they occur until the closure returns or the client disconnects.
        case events(@Sendable (any EventSink) async throws -> Void)
    }

    let status: Int
    let content: Content

    /// Returns status 200 with a document.
    static func ok(_ json: JSONValue) -> APIAnswer { APIAnswer(status: 200, content: .json(json)) }

    /// Returns status 200 with a document under `data`, like most of io.net's answers.
    static func data(_ json: JSONValue) -> APIAnswer { ok(["data": json]) }

    /// Returns an error with one text as its `detail`.
    static func error(_ status: Int, _ detail: String) -> APIAnswer {
        APIAnswer(status: status, content: .json(["detail": .string(detail)]))
    }

    /// Returns FastAPI's response to a request that does not match its model.
    ///
    /// <https://fastapi.tiangolo.com/tutorial/handling-errors/#requestvalidationerror-vs-validationerror>
    static func unprocessable(_ issues: [ValidationIssue]) -> APIAnswer {
        APIAnswer(status: 422, content: .json(["detail": .array(issues.map(\.json))]))
    }

    static let notFound = error(404, "Not found")
}

/// A receiver of server-sent events.
protocol EventSink: Sendable {
    /// Sends bytes, and returns once the network has accepted them.
    func send(_ bytes: [UInt8]) async throws
}

/// An invalid part of a request.
struct ValidationIssue: Sendable, Equatable, Error {
    /// The path to the part: `body` or `query`, then names and indices.
    let location: [JSONValue]
    let message: String
    /// Pydantic's name for the error. <https://docs.pydantic.dev/latest/errors/validation_errors/>
    let kind: String

    init(_ location: [JSONValue], _ message: String, _ kind: String) {
        self.location = location
        self.message = message
        self.kind = kind
    }

    static func missing(_ location: [JSONValue]) -> ValidationIssue {
        ValidationIssue(location, "Field required", "missing")
    }

    var json: JSONValue { ["loc": .array(location), "msg": .string(message), "type": .string(kind)] }
}
