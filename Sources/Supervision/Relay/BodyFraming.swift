/// Finds the end of a message's body, so that bytes after it are not forwarded.
struct BodyFraming: Sendable {
    /// The rest of the body: a number of bytes, chunks, or everything until the connection ends.
    private enum State: Sendable {
        case rest(Int64)
        case chunks(ChunkedCoding)
        case untilClose
    }

    private var state: State

    private init(_ state: State) { self.state = state }

    static func length(_ length: Int64) -> BodyFraming { BodyFraming(.rest(length)) }
    static var chunked: BodyFraming { BodyFraming(.chunks(ChunkedCoding())) }
    static var untilClose: BodyFraming { BodyFraming(.untilClose) }

    /// True once the body is complete; always false if only the end of the connection ends it.
    var isOver: Bool {
        switch state {
        case .rest(let left): left == 0
        case .chunks(let coding): coding.isOver
        case .untilClose: false
        }
    }

    /// Returns how many of these bytes belong to the body, nil for invalid chunks.
    mutating func take(_ bytes: some Collection<UInt8>) -> Int? {
        switch state {
        case .rest(let left):
            let count = Int(min(left, Int64(bytes.count)))
            state = .rest(left - Int64(count))
            return count
        case .chunks(var coding):
            let count = coding.take(bytes)
            state = .chunks(coding)
            return count
        case .untilClose: return bytes.count
        }
    }
}

extension BodyFraming {
    /// Creates the framing of a request's body. <https://www.rfc-editor.org/rfc/rfc9112#section-6.3>
    init(_ head: RequestHead) {
        if let length = head.values("Content-Length").first.flatMap({ Int64($0) }) {
            self = .length(length)
        } else {
            self = head.values("Transfer-Encoding").isEmpty ? .length(0) : .chunked
        }
    }

    /// Creates the framing of a response's body; returns nil if it is ambiguous.
    init?(_ answer: AnswerHead, toMethod method: String) {
        if method == "HEAD" || answer.isInterim || [204, 304].contains(answer.status) {
            self = .length(0)
            return
        }
        let codings = answer.fields.named("Transfer-Encoding").flatMap(\.members)
        if let last = codings.last {
            self = FieldSyntax.isSame(last, "chunked") ? .chunked : .untilClose
            return
        }
        let lengths = Set(answer.fields.named("Content-Length").map(\.bytes))
        guard let length = lengths.first else {
            self = .untilClose
            return
        }
        guard lengths.count == 1, !length.isEmpty, length.allSatisfy({ (48...57).contains($0) }),
            let number = Int64(String(decoding: length, as: UTF8.self))
        else { return nil }
        self = .length(number)
    }
}
