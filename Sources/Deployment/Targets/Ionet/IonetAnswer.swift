import HTTP
import JSON

/// Turns an error response of the API into one line.
enum IonetAnswer {
    /// Returns the message of the API, or of a proxy in between.
    ///
    /// Values that were sent are never repeated.
    static func explain(_ answer: HTTPResponse) -> String {
        let status = "the API answered \(answer.status)"
        if isPage(answer) {
            return "\(status) with a web page instead of JSON; something stands between: "
                + "a wrong IOCLOUD_API_URL, or a network that the API does not serve"
        }
        let said = (try? JSONValue(parsing: answer.body)).flatMap(words)
        switch answer.status {
        case 401, 403:
            return "\(status): the key in IOCLOUD_API_KEY is not accepted; it must be made for the project io-cloud"
                + (said.map { " (\($0))" } ?? "")
        case 402: return "\(status): there are not enough credits" + (said.map { " (\($0))" } ?? "")
        case 200..<300: return "\(status) with something that is not JSON"
        default: return said.map { "\(status): \($0)" } ?? status
        }
    }

    private static func isPage(_ answer: HTTPResponse) -> Bool {
        if answer.headers["Content-Type"]?.lowercased().hasPrefix("text/html") == true { return true }
        let start = String(decoding: answer.body.prefix(64), as: UTF8.self).drop(while: \.isWhitespace).lowercased()
        return start.hasPrefix("<!doctype") || start.hasPrefix("<html")
    }

    /// Returns FastAPI's `detail`, a list or a text, or the message member of other servers.
    ///
    /// Leaves out `input`, which repeats the request's values. <https://fastapi.tiangolo.com/tutorial/handling-errors/>
    private static func words(_ json: JSONValue) -> String? {
        if let details = json["detail"]?.array {
            let lines = details.prefix(5).compactMap(detail)
            return lines.isEmpty ? nil : shortened(lines.joined(separator: "; "))
        }
        for name in ["detail", "message", "error", "msg"] {
            if let text = json.word(name) ?? json[name]?.word("message") { return shortened(text) }
        }
        return nil
    }

    private static func detail(_ json: JSONValue) -> String? {
        guard let message = json.word("msg") else { return json.string }
        var place: [String] = []
        for part in json["loc"]?.array ?? [] {
            switch part {
            case .string(let name): if name != "body" && name != "query" { place.append(name) }
            case .number(let index): place.append(index)
            default: continue
            }
        }
        return place.isEmpty ? message : "\(place.joined(separator: ".")): \(message)"
    }

    private static func shortened(_ text: String) -> String {
        let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return line.count > 400 ? line.prefix(400) + "…" : line
    }
}
