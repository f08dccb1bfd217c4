import Hashing
import Secrets

/// What opens the live page and, unless it is public, the model.
///
/// The token itself opens both. A page of the model shares its origin with ours, and so what a browser sends by itself, the
/// cookie, opens the model alone, and is made from the token such that nobody gets back to it.
struct AccessToken: Sendable {
    static let cookie = "caas_token"

    private let secret: [UInt8]?
    private let cookieValue: [UInt8]

    /// Without a secret nobody gets in.
    init(_ secret: Secret?) {
        self.secret = secret.map { Array($0.unredacted.utf8) }
        cookieValue = Array(
            HMACSHA256.authenticate("caas: opens the model".utf8, key: self.secret ?? []).hexadecimal.utf8)
    }

    var isSet: Bool { secret != nil }

    /// True where the request brings the token in `Authorization: Bearer`; never in its URL, which proxies write into logs.
    func opensPage(_ head: RequestHead) -> Bool {
        guard let secret else { return false }
        return head.fields.named("Authorization").contains { field in
            Self.bearer(field.bytes).map { Self.isSame($0, secret) } ?? false
        }
    }

    /// True where it brings the token or the page's cookie.
    func opensModel(_ head: RequestHead) -> Bool {
        if opensPage(head) { return true }
        guard isSet, Self.isFromOwnPage(head) else { return false }
        return head.fields.named("Cookie").contains { field in
            Self.pairs(field.bytes).contains { pair in
                Self.valueOfCookie(pair).map { Self.isSame($0, cookieValue) } ?? false
            }
        }
    }

    /// The field that gives a browser the cookie. <https://www.rfc-editor.org/rfc/rfc6265#section-4.1>
    func setCookie(_ head: RequestHead) -> (String, String) {
        let value = String(decoding: cookieValue, as: UTF8.self)
        return (
            "Set-Cookie",
            "\(Self.cookie)=\(value); Path=/; HttpOnly; SameSite=Strict" + (head.cameByTLS ? "; Secure" : "")
        )
    }

    /// The field as the model may see it, nil where nothing of it is left.
    func hidden(in field: HeadField) -> HeadField? {
        if field.isNamed("Authorization") {
            guard let secret, !secret.isEmpty, field.bytes.count >= secret.count else { return field }
            return field.bytes.suffix(secret.count).elementsEqual(secret) ? nil : field
        }
        if field.isNamed("Cookie") {
            let others = Self.pairs(field.bytes).filter { Self.valueOfCookie($0) == nil }
            return others.isEmpty ? nil : HeadField(field.name, Array(others.joined(separator: "; ".utf8)))
        }
        return field
    }

    /// The cookie is sent along wherever a page of another container under the same domain points a browser to; a browser
    /// says so. <https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header>
    private static func isFromOwnPage(_ head: RequestHead) -> Bool {
        head.values("Sec-Fetch-Site").allSatisfy { ["same-origin", "none"].contains($0) }
    }

    private static func bearer(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
        let scheme = "bearer "
        guard FieldSyntax.isSame(bytes.prefix(scheme.utf8.count), scheme) else { return nil }
        return bytes.dropFirst(scheme.utf8.count)
    }

    private static func pairs(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        bytes.split(separator: UInt8(ascii: ";")).map { FieldSyntax.trimmed($0) }.filter { !$0.isEmpty }
    }

    private static func valueOfCookie(_ pair: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let name = cookie + "="
        return pair.starts(with: name.utf8) ? pair.dropFirst(name.utf8.count) : nil
    }

    /// Takes as long for a wrong token as for one that is nearly right.
    private static func isSame(_ left: ArraySlice<UInt8>, _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(UInt8(0)) { $0 | $1.0 ^ $1.1 } == 0
    }
}
