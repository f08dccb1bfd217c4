import ByteText
import HTTP
import Hashing

/// An S3 request before it is signed.
struct S3Call: Sendable {
    var method: String
    var key: String
    var query: [(String, String)] = []
    var headers: HTTPHeaders = [:]
    var body: HTTPBody = .empty
    /// SHA-256 of the body in hexadecimal.
    var bodyHash = SigV4Signer.emptyHash
    /// The action, for error messages.
    var action: String
    var leastStallSeconds = 0
    var onUpload: (@Sendable (Int64) -> Void)?
    /// The part that the call moves; each attempt waits for the part's turn.
    var move: PartMove?
    /// The step that a ``TransferWatch`` shows, where it covers more than this one request.
    var step: TransferStep?
    /// True where the server does much work before it answers.
    var isJoining = false
    /// Throws where another attempt makes no sense.
    var beforeRetry: (@Sendable () throws(StorageError) -> Void)?

    init(_ method: String, _ key: String, doing action: String) {
        self.method = method
        self.key = key
        self.action = action
    }

    /// Returns the last component of the key, as progress messages show it.
    static func shortName(_ key: String) -> String { key.split(byte: "/").last.map(String.init) ?? "the bucket" }

    /// The phase that a ``TransferWatch`` shows while the call is in progress.
    var phase: TransferStep.Phase {
        if isJoining { return .joining }
        return method == "GET" && move != nil ? .receiving : .sending(body.length ?? 0)
    }

    /// Sets a body that is entirely in memory, with its hash headers.
    mutating func carry(_ bytes: [UInt8], contentType: String) {
        body = .bytes(bytes)
        bodyHash = SHA256.hash(bytes).hexadecimal
        headers["Content-Type"] = contentType
        headers["Content-MD5"] = MD5.hash(bytes).base64
    }
}
