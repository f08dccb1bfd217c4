import Hashing
import Secrets

/// The token that gives access to the live page and, unless the model is public, to the model.
///
/// The token itself gives access to both. The model's pages have the same origin as the live page. The cookie, which a
/// browser sends automatically, therefore gives access to the model only. It is an HMAC of the token, from which the
/// token cannot be recovered.
struct PageToken: Sendable {
    static let cookie = "caas_token"

    private let secret: [UInt8]?
    private let cookieValue: [UInt8]

    /// Creates the token; without a secret every access is denied.
    init(_ secret: Secret?) {
        self.secret = secret.map { Array($0.unredacted.utf8) }
        cookieValue = Array(
            HMACSHA256.authenticate("caas: opens the model".utf8, key: self.secret ?? []).hexadecimal.utf8)
    }

    var isSet: Bool { secret != nil }

    /// Returns true if the request has the token in `Authorization: Bearer`.
    ///
    /// A token in the URL is not accepted, because proxies write URLs to logs.
    func opensPage(_ head: RequestHead) -> Bool {
        guard let secret else { return false }
        return head.fields.named("Authorization").contains { field in
            Self.bearer(field.bytes).map { Self.isSame($0, secret) } ?? false
        }
    }

    /// Returns true if the request has the token or the page's cookie.
    func opensModel(_ head: RequestHead) -> Bool {
        if opensPage(head) { return true }
        guard isSet, Self.isFromOwnPage(head) else { return false }
        return head.fields.named("Cookie").contains { field in
            Self.pairs(field.bytes).contains { pair in
                Self.valueOfCookie(pair).map { Self.isSame($0, cookieValue) } ?? false
            }
        }
    }

    /// Returns the field that sets the cookie in a browser. <https://www.rfc-editor.org/rfc/rfc6265#section-4.1>
    func setCookie(_ head: RequestHead) -> (String, String) {
        let value = String(decoding: cookieValue, as: UTF8.self)
        return (
            "Set-Cookie",
            "\(Self.cookie)=\(value); Path=/; HttpOnly; SameSite=Strict" + (head.cameByTLS ? "; Secure" : "")
        )
    }

    /// Returns the field without the token and the cookie, nil if nothing remains.
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

    /// Returns false for requests that a page of another origin causes; browsers mark them with Sec-Fetch-Site.
    ///
    /// A browser also sends the cookie with requests of pages of other containers under the same domain.
    /// <https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header>
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

    /// Compares in constant time, independent of the number of equal bytes.
    private static func isSame(_ left: ArraySlice<UInt8>, _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(UInt8(0)) { $0 | $1.0 ^ $1.1 } == 0
    }
}
