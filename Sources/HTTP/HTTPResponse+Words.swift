import JSON

/// The text of a server's refusal.
extension HTTPResponse {
    /// The most Unicode scalars of a server's text: its meaning is in the first of them.
    private static let mostScalars = 400

    /// The text of a refusal on one line, empty where there is none; the caller must escape terminal controls.
    ///
    /// Registries send `errors` with message and detail, token servers and others their own JSON, and proxies HTML:
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

    /// Returns a server's text on one line of bounded length.
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

    /// Returns the text of a detail, which may be any JSON: a string, or an object that contains one.
    private static func said(_ detail: JSONValue?) -> String {
        if let text = detail?.string { return text }
        for name in ["message", "reason", "error", "description"] {
            if let text = detail?[name]?.string { return text }
        }
        return ""
    }

    /// The visible text of a proxy's HTML page.
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
