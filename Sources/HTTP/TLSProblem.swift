/// Why there is no TLS connection, as far as it can be told.
package enum TLSProblem: Sendable, Equatable {
    /// The server's certificate was good for a time that is over.
    case expired
    /// The server's certificate will be good at a time that has not come.
    case notYetValid
    /// The server's certificate is signed by itself, and is not among those that we trust.
    case selfSigned
    /// The server's certificate leads to no authority that we trust.
    case unknownAuthority
    /// The server's certificate is for other names.
    case otherHost
    /// What answers there does not speak TLS.
    case noTLS
    /// The server wants a certificate of ours, and we have none.
    case certificateWanted
    /// The server does not take our certificate.
    case certificateRefused
    /// Our own certificate, its key, or the file of those that we trust cannot be used.
    case unusableFile

    /// What OpenSSL's verification says. <https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/>
    init?(verification: Int) {
        switch verification {
        case 9: self = .notYetValid
        case 10: self = .expired
        case 18: self = .selfSigned
        case 2, 19, 20, 21: self = .unknownAuthority
        // The names are compared by libcurl, which leaves OpenSSL's result as it was.
        case 0, 1: self = .otherHost
        default: return nil
        }
    }

    /// What an error of OpenSSL's library for TLS means, of which libcurl gives the text.
    ///
    /// The text has the form of <https://docs.openssl.org/3.0/man3/ERR_error_string/>, `error:0A00045C:…`; the lowest 23
    /// bits of the number are the reason, and the reasons above 1000 are alerts of the other side:
    /// <https://www.iana.org/assignments/tls-parameters/tls-parameters.xhtml#tls-parameters-6>.
    init?(openSSL text: String, hasClientCertificate: Bool) {
        guard let start = text.firstRange(of: "error:")?.upperBound,
            let number = UInt32(text[start...].prefix { $0 != ":" }, radix: 16)
        else { return nil }
        switch number & 0x7F_FFFF {
        // Wrong version number, an HTTP request, unknown protocol, a packet whose length cannot be.
        case 155, 156, 198, 252, 267: self = .noTLS
        case 1042, 1043, 1046, 1048, 1116: self = hasClientCertificate ? .certificateRefused : .certificateWanted
        case 1044, 1045: self = .certificateRefused
        default: return nil
        }
    }

    /// For people.
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
