import JSON

/// What a server says when it refuses, in its own words.
extension HTTPResponse {
    /// The longest that is made of a server's words, in Unicode scalars: what they mean is said in the first of them.
    private static let mostScalars = 400

    /// The words of a refusal on one line, empty where there are none; whoever prints them hides what terminals obey.
    ///
    /// Registries send `errors` with message and detail, token servers and others JSON of their own, proxies HTML:
    /// <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes>.
    package var words: String {
        guard let document = try? JSONValue(parsing: body) else { return Self.line(withoutTags) }
        let errors = document["errors"]?.array ?? []
        guard errors.isEmpty else { return errors.prefix(3).map(Self.words).joined(separator: "; ") }
        for name in ["error_description", "details", "detail", "message", "error", "msg"] {
            if let words = document[name]?.string ?? document[name]?["message"]?.string { return Self.line(words) }
        }
        return Self.line(excerpt)
    }

    /// A text of a server on one line and of bounded length.
    package static func line(_ text: String) -> String {
        let words = text.unicodeScalars.prefix(4096).split {
            $0.properties.isWhitespace || $0.properties.generalCategory == .control
        }
        var line = ""
        for word in words {
            if !line.isEmpty { line += " " }
            line.unicodeScalars.append(contentsOf: word)
        }
        guard line.unicodeScalars.count > mostScalars else { return line }
        return String(String.UnicodeScalarView(line.unicodeScalars.prefix(mostScalars))) + "…"
    }

    private static func words(_ error: JSONValue) -> String {
        // Cloudflare's codes are numbers.
        let code = error["code"]?.string ?? error["code"]?.integer.map(String.init)
        let message = line(error["message"]?.string ?? "")
        var detail = line(said(error["detail"]))
        if detail.isEmpty, message.isEmpty, let other = error["detail"], other != [:] { detail = line(other.text) }
        let words = [message, detail == message ? "" : detail].filter { !$0.isEmpty }.joined(separator: ": ")
        guard let code = code.map(line) else { return words.isEmpty ? "no code" : words }
        return words.isEmpty ? code : "\(words) (\(code))"
    }

    /// A detail may be any JSON; some is a text, and some holds one.
    private static func said(_ detail: JSONValue?) -> String {
        if let text = detail?.string { return text }
        for name in ["message", "reason", "error", "description"] {
            if let text = detail?[name]?.string { return text }
        }
        return ""
    }

    /// What a proxy's page shows.
    private var withoutTags: String {
        var shown = String.UnicodeScalarView()
        var isTag = false
        for scalar in String(decoding: body.prefix(4096), as: UTF8.self).unicodeScalars {
            if scalar == "<" { isTag = true }
            shown.append(isTag ? " " : scalar)
            if scalar == ">" { isTag = false }
        }
        return String(shown)
    }
}
