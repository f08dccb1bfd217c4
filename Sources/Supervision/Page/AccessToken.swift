import Secrets

/// What opens the live page and, unless it is public, the model.
struct AccessToken: Sendable {
    static let cookie = "caas_token"

    private let secret: Secret?

    /// Without a secret nobody gets in.
    init(_ secret: Secret?) { self.secret = secret }

    var isSet: Bool { secret != nil }
    var unredacted: String? { secret?.unredacted }

    /// True where the request brings the token, in `Authorization: Bearer` or in the page's cookie; never in its URL,
    /// which proxies write into logs.
    func opens(_ head: RequestHead) -> Bool {
        guard let secret else { return false }
        let given =
            head.values("Authorization").compactMap { value in
                value.lowercased().hasPrefix("bearer ") ? String(value.dropFirst(7)) : nil
            }
            + head.values("Cookie").flatMap { value in
                value.split(separator: ";").compactMap { pair in
                    let pair = pair.drop { $0 == " " }
                    return pair.hasPrefix(Self.cookie + "=") ? String(pair.dropFirst(Self.cookie.count + 1)) : nil
                }
            }
        return given.contains { Self.isSame($0, secret.unredacted) }
    }

    /// Takes as long for a wrong token as for one that is nearly right.
    private static func isSame(_ left: String, _ right: String) -> Bool {
        let left = Array(left.utf8)
        let right = Array(right.utf8)
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for index in left.indices { difference |= left[index] ^ right[index] }
        return difference == 0
    }
}
