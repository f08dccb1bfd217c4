import HTTP

extension BucketLocation {
    /// Returns what usually fixes a failure here; nil where its message already says everything known.
    ///
    /// For R2 the advice uses Cloudflare's own terms: <https://developers.cloudflare.com/r2/api/tokens/>
    package func advice(on failure: StorageError, keyID: String?) -> String? {
        let host = endpoint.host
        let isR2 = host.hasSuffix(Self.r2)
        switch (failure.code, failure.s3Code) {
        case (_, "AuthorizationHeaderMalformed"):
            return
                "requests are signed for the region '\(region)'; set R2_REGION to the one that the server names "
                + "(R2's is auto)"
        case (.wrongKey, "SignatureDoesNotMatch"):
            return "the secret does not belong to the key id: copy R2_SECRET_ACCESS_KEY again, whole and without spaces"
        case (.wrongKey, _):
            if isR2, let keyID, !Self.isR2KeyID(keyID) {
                return
                    "R2_ACCESS_KEY_ID is not what R2 calls Access Key ID, which has 32 hexadecimal digits; the value of an "
                    + "API token is not it"
            }
            return isR2
                ? "make a key under R2, Manage API Tokens, with 'Object Read & Write'; a new one works after up to a minute"
                : "make a key that may read and write the bucket, and set both of its halves"
        case (.accessDenied, _):
            let scope =
                isR2 ? "give the token 'Object Read & Write' for bucket '\(bucket)'" : "give the key more rights"
            return [scope, jurisdictions].compactMap(\.self).joined(separator: "; ")
        case (.noSuchBucket, _):
            return ["look for the bucket's name in the dashboard", jurisdictions].compactMap(\.self)
                .joined(separator: "; ")
        case (.clockSkew, _): return "set this machine's clock, as with 'timedatectl set-ntp true' on the host"
        case (.unreachable, nil):
            if isR2, !Self.isAccountHost(host) {
                return "R2's endpoint is https://ACCOUNT_ID\(Self.r2), where the account's id has 32 hexadecimal digits"
            }
            return nil
        default: return nil
        }
    }

    private static let r2 = ".r2.cloudflarestorage.com"

    /// Returns the endpoints of the other jurisdictions.
    ///
    /// A bucket that was created in a jurisdiction is reachable only at the jurisdiction's endpoint.
    /// <https://developers.cloudflare.com/r2/reference/data-location/#jurisdictional-restrictions>
    private var jurisdictions: String? {
        let host = endpoint.host
        guard host.hasSuffix(Self.r2) else { return nil }
        let names = host.dropLast(Self.r2.count).split(separator: ".")
        guard let account = names.first else { return nil }
        let others = ["", ".eu", ".fedramp"].map { "https://\(account)\($0)\(Self.r2)" }
            .filter { $0 != "https://\(host)" }
        return "a bucket of a jurisdiction is at its own endpoint alone: try \(others.joined(separator: " or "))"
    }

    private static func isR2KeyID(_ text: String) -> Bool {
        text.utf8.count == 32 && text.utf8.allSatisfy(isHexadecimal)
    }

    private static func isAccountHost(_ host: String) -> Bool {
        host.prefix { $0 != "." }.utf8.count == 32 && host.prefix { $0 != "." }.utf8.allSatisfy(isHexadecimal)
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
