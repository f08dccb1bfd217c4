/// The known reasons for a failed TLS connection.
package enum TLSProblem: Sendable, Equatable {
    /// The server's certificate has expired.
    case expired
    /// The server's certificate is not valid yet.
    case notYetValid
    /// The server's certificate is self-signed and not trusted.
    case selfSigned
    /// The server's certificate chain leads to no trusted authority.
    case unknownAuthority
    /// The server's certificate is for other names.
    case otherHost
    /// The server does not use TLS.
    case noTLS
    /// The server requires a client certificate, and none is configured.
    case certificateWanted
    /// The server refuses the client certificate.
    case certificateRefused
    /// The client certificate, its key or the file of trusted certificates cannot be used.
    case unusableFile

    /// Reads OpenSSL's verification result. <https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/>
    init?(verification: Int) {
        switch verification {
        case 9: self = .notYetValid
        case 10: self = .expired
        case 18: self = .selfSigned
        case 2, 19, 20, 21: self = .unknownAuthority
        // libcurl compares the names itself and leaves OpenSSL's result unchanged.
        case 0, 1: self = .otherHost
        default: return nil
        }
    }

    /// Reads an error of OpenSSL's TLS library from libcurl's error text.
    ///
    /// The text has the form `error:0A00045C:…` of <https://docs.openssl.org/3.0/man3/ERR_error_string/>. The lowest 23
    /// bits of the number are the reason; reasons above 1000 are alerts from the peer:
    /// <https://www.iana.org/assignments/tls-parameters/tls-parameters.xhtml#tls-parameters-6>.
    init?(openSSL text: String, hasClientCertificate: Bool) {
        guard let start = text.firstRange(of: "error:")?.upperBound,
            let number = UInt32(text[start...].prefix { $0 != ":" }, radix: 16)
        else { return nil }
        switch number & 0x7F_FFFF {
        // Wrong version number, an HTTP request, unknown protocol, an impossible packet length.
        case 155, 156, 198, 252, 267: self = .noTLS
        case 1042, 1043, 1046, 1048, 1116: self = hasClientCertificate ? .certificateRefused : .certificateWanted
        case 1044, 1045: self = .certificateRefused
        default: return nil
        }
    }

    func reason(_ url: HTTPURL) -> String {
        switch self {
        case .expired: "the certificate of \(url.host) has expired, or the clock of this machine is wrong"
        case .notYetValid: "the certificate of \(url.host) is not valid yet, or the clock of this machine is wrong"
        case .selfSigned: "the certificate of \(url.host) is signed by itself, and is not trusted here"
        case .unknownAuthority: "the certificate of \(url.host) is from an authority that is not trusted here"
        case .otherHost: "the certificate is not for \(url.host), but for another host"
        case .noTLS: "\(url.authority) does not speak TLS there, but perhaps plain HTTP"
        case .certificateWanted: "\(url.authority) wants a client certificate, and none was given"
        case .certificateRefused: "\(url.authority) does not take our client certificate"
        case .unusableFile: "a file of certificates cannot be used"
        }
    }
}
