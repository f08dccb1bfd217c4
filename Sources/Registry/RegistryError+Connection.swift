import HTTP

/// Errors for requests without a response, with advice where there is any.
extension RegistryError {
    init(_ error: HTTPError, orElse code: Code) {
        let meaning: Code =
            switch error.code {
            case .cancelled: .cancelled
            case .localBody: .local
            default: code
            }
        let help = error.tlsProblem.flatMap(Self.help) ?? Self.help(error)
        self.init(meaning, "\(error.request): \(error.reason)" + (help.map { "; \($0)" } ?? ""))
        isTransient = error.isTransient
    }

    private static func help(_ problem: TLSProblem) -> String? {
        switch problem {
        case .selfSigned: "--ca-file FILE names certificates to trust, this one too"
        case .unknownAuthority: "--ca-file FILE names the certificates of authorities to trust"
        case .noTLS: "where it is meant to, --plain-http says so"
        case .certificateWanted: "--client-cert FILE with --client-key FILE gives one"
        case .expired, .notYetValid, .otherHost, .certificateRefused, .unusableFile: nil
        }
    }

    private static func help(_ error: HTTPError) -> String? {
        // A server that expects TLS answers plain HTTP with a TLS alert, which is not valid HTTP.
        guard error.code == .invalidResponse, error.request.firstRange(of: " http://") != nil else { return nil }
        return "--no-plain-http says that it speaks TLS"
    }

    /// Returns the error for a server that answers the first plain HTTP request with 400: it expects TLS.
    ///
    /// A registry answers that request with 200 or 401:
    /// <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#determining-support>.
    static func wantsTLS(_ request: HTTPRequest, _ response: HTTPResponse) -> RegistryError {
        RegistryError(
            .unreachable, "\(request.name) answered \(ServerAnswer(response)); --no-plain-http says that it speaks TLS")
    }
}
