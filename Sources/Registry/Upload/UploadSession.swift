import HTTP
import JSON

/// An upload session that a registry has opened.
struct UploadSession: Sendable, Equatable {
    /// The URL for the next request; kept byte for byte, since its query may hold the session's state.
    var location: HTTPURL
    /// The number of bytes that the registry has.
    var offset: Int64 = 0

    /// Returns the URL that closes the session: the location unchanged, with the digest added.
    func closing(_ digest: String) -> HTTPURL {
        let separator = location.target.contains("?") ? "&" : "?"
        return location.with(target: "\(location.target)\(separator)digest=\(digest)")
    }

    /// Returns the number of bytes that a `Range: 0-N` field reports, or nil if the field is missing or malformed.
    ///
    /// `0-0` counts as 0: registries send it for no bytes as well as for one byte, and no part has only one byte.
    /// Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-a-blob-in-chunks>.
    static func received(_ headers: HTTPHeaders) -> Int64? {
        guard let text = headers["Range"] else { return nil }
        let parts = text.trimmingPrefix("bytes=").split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == "0", let last = Int64(parts[1]), (0..<Int64.max).contains(last) else {
            return nil
        }
        return last == 0 ? 0 : last + 1
    }
}
