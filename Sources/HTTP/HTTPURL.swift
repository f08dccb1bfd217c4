/// An http or https URL whose path and query are sent to the server byte for byte as written.
///
/// The description leaves out the query, which may contain signatures. <https://www.rfc-editor.org/rfc/rfc3986>
package struct HTTPURL: Sendable, Hashable, CustomStringConvertible {
    /// `http` or `https`.
    package let scheme: String
    /// The host in lower case; an IPv6 address keeps its brackets.
    package let host: String
    /// The port, by default the scheme's.
    package let port: Int
    /// Path and query, starting with a slash.
    package let target: String

    package init(scheme: String, host: String, port: Int, target: String) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.target = target
    }

    /// Parses a URL; refuses user information, which would end up in logs, and drops a fragment.
    package init(_ text: String) throws(HTTPError) {
        func failure(_ reason: String) -> HTTPError { HTTPError(.invalidURL, "use a URL", reason) }
        guard let separator = text.firstRange(of: "://") else { throw failure("'\(text)' has no http:// or https://") }
        let scheme = text[..<separator.lowerBound].lowercased()
        guard ["http", "https"].contains(scheme) else { throw failure("'\(scheme)' is neither http nor https") }
        let rest = text[separator.upperBound...].prefix { $0 != "#" }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard !authority.contains("@") else { throw failure("it holds a user name") }
        let split = Self.split(authority)
        guard Self.isHost(split.host), let port = split.port ?? (scheme == "https" ? 443 : 80) else {
            throw failure("'\(authority)' is not a host with an optional port")
        }
        let target = String(rest.dropFirst(authority.count))
        let isPrintable = target.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        guard isPrintable, authority.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw failure("it holds a space or a character that must be percent-encoded")
        }
        self.init(
            scheme: scheme, host: split.host.lowercased(), port: port,
            target: target.hasPrefix("/") ? target : "/" + target)
    }

    /// Returns true for a name, an IPv4 address, or an IPv6 address in brackets.
    private static func isHost(_ host: Substring) -> Bool {
        if host.hasPrefix("[") { return host.hasSuffix("]") && host.dropFirst().dropLast().contains(":") }
        return !host.isEmpty
            && host.utf8.allSatisfy { byte in
                let character = Character(Unicode.Scalar(byte))
                return character.isLetter || character.isNumber || "-._~%".utf8.contains(byte)
            }
    }

    /// Splits host and port; the port is a double optional to distinguish a missing port from an invalid one.
    private static func split(_ authority: Substring) -> (host: Substring, port: Int??) {
        let hostEnd =
            authority.hasPrefix("[")
            ? authority.firstIndex(of: "]").map { authority.index(after: $0) } ?? authority.endIndex
            : authority.firstIndex(of: ":") ?? authority.endIndex
        let host = authority[..<hostEnd]
        let after = authority[hostEnd...]
        if after.isEmpty { return (host, .none) }
        let port = after.first == ":" ? Int(after.dropFirst()) : nil
        return (host, .some(port.flatMap { (1...65535).contains($0) ? $0 : nil }))
    }

    /// The host, with the port unless it is the scheme's own, as in the Host header.
    package var authority: String { isDefaultPort ? host : "\(host):\(port)" }

    /// The whole URL with its query: for requests, never for logs.
    package var text: String { "\(scheme)://\(authority)\(target)" }

    /// The URL without its query.
    package var description: String { "\(scheme)://\(authority)\(target.prefix { $0 != "?" })" }

    /// The path without the query.
    package var path: String { String(target.prefix { $0 != "?" }) }

    private var isDefaultPort: Bool { port == (scheme == "https" ? 443 : 80) }

    /// Returns true where credentials for one URL may be sent to the other.
    package func hasSameOrigin(as other: HTTPURL) -> Bool {
        scheme == other.scheme && host == other.host && port == other.port
    }

    /// True for this machine's own addresses. <https://www.rfc-editor.org/rfc/rfc6761#section-6.3>
    package var isLoopback: Bool {
        host == "localhost" || host.hasSuffix(".localhost") || Self.isLoopback(bracketed: host)
            || (host.hasPrefix("127.") && host.split(separator: ".").count == 4
                && host.utf8.allSatisfy { "0123456789.".utf8.contains($0) })
    }

    /// Returns true for IPv6's loopback address with any number of zeros, and for IPv4 loopback addresses in IPv6 form.
    private static func isLoopback(bracketed host: String) -> Bool {
        guard host.hasPrefix("[") else { return false }
        let groups = host.dropFirst().dropLast().split(separator: ":")
        guard let last = groups.last else { return false }
        let front = groups.dropLast()
        if last.hasPrefix("127.") { return front.allSatisfy { isZero($0) || $0 == "ffff" } }
        if let mapped = front.last, mapped.count == 4, mapped.hasPrefix("7f"), front.dropLast().last == "ffff" {
            return front.dropLast(2).allSatisfy(isZero)
        }
        return front.allSatisfy(isZero) && last.drop { $0 == "0" } == "1" && host.firstRange(of: "1::") == nil
    }

    private static func isZero(_ group: Substring) -> Bool { group.allSatisfy { $0 == "0" } }

    /// Returns a URL of the same server with another path and query.
    package func with(target: String) -> HTTPURL {
        HTTPURL(scheme: scheme, host: host, port: port, target: target.hasPrefix("/") ? target : "/" + target)
    }

    /// Resolves the Location header of an answer from this URL; it may lack the scheme, or scheme and host.
    package func resolving(_ location: String) throws(HTTPError) -> HTTPURL {
        if location.firstRange(of: "://") != nil { return try HTTPURL(location) }
        if location.hasPrefix("//") { return try HTTPURL("\(scheme):\(location)") }
        if location.hasPrefix("/") { return try HTTPURL("\(scheme)://\(authority)\(location)") }
        if location.hasPrefix("?") { return try HTTPURL("\(scheme)://\(authority)\(path)\(location)") }
        let folder = path.lastIndex(of: "/").map { path[...$0] } ?? "/"
        return try HTTPURL("\(scheme)://\(authority)\(folder)\(location)")
    }
}
