import HTTP
import JSON

/// An upload that a registry has begun to take.
struct UploadSession: Sendable, Equatable {
    /// Where the next bytes go: kept as it came, since its query may carry the session's state.
    var location: HTTPURL
    /// How many bytes the registry has.
    var offset: Int64 = 0

    /// The location that closes the session, byte for byte with the digest added.
    func closing(_ digest: String) -> HTTPURL {
        let separator = location.target.contains("?") ? "&" : "?"
        return location.with(target: "\(location.target)\(separator)digest=\(digest)")
    }

    /// How many bytes a `Range: 0-N` field says that the registry has; nil where there is none that can be read.
    ///
    /// `0-0` is what registries say of nothing as well as of a single byte; no part of ours has one byte.
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
