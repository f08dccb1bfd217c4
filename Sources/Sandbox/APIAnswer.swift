import JSON

/// What the API answers.
struct APIAnswer: Sendable {
    enum Content: Sendable {
        case json(JSONValue)
        /// Server-sent events, written as they happen until the closure returns or the reader is gone.
        case events(@Sendable (any EventSink) async throws -> Void)
    }

    let status: Int
    let content: Content

    /// 200 with a document.
    static func ok(_ json: JSONValue) -> APIAnswer { APIAnswer(status: 200, content: .json(json)) }

    /// 200 with a document under `data`, as most of io.net's answers have it.
    static func data(_ json: JSONValue) -> APIAnswer { ok(["data": json]) }

    /// An error with one text.
    static func error(_ status: Int, _ detail: String) -> APIAnswer {
        APIAnswer(status: status, content: .json(["detail": .string(detail)]))
    }

    /// FastAPI's answer to a request that does not fit its model.
    /// <https://fastapi.tiangolo.com/tutorial/handling-errors/#requestvalidationerror-vs-validationerror>
    static func unprocessable(_ issues: [ValidationIssue]) -> APIAnswer {
        APIAnswer(status: 422, content: .json(["detail": .array(issues.map(\.json))]))
    }

    static let notFound = error(404, "Not found")
}

/// Where server-sent events go.
protocol EventSink: Sendable {
    /// Sends bytes, and waits until the network has taken them.
    func send(_ bytes: [UInt8]) async throws
}

/// One thing that is wrong with a request.
struct ValidationIssue: Sendable, Equatable, Error {
    /// Where: `body` or `query`, then names and indices.
    let location: [JSONValue]
    let message: String
    /// Pydantic's name of the error. <https://docs.pydantic.dev/latest/errors/validation_errors/>
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
