import ByteText
import HTTP
import Hashing

/// One operation of S3 before it is signed.
struct S3Call: Sendable {
    var method: String
    var key: String
    var query: [(String, String)] = []
    var headers: HTTPHeaders = [:]
    var body: HTTPBody = .empty
    /// SHA-256 of the body in hexadecimal.
    var bodyHash = SigV4Signer.emptyHash
    /// What is being done to what, for errors.
    var action: String
    var leastStallSeconds = 0
    var onUpload: (@Sendable (Int64) -> Void)?
    /// Where it moves a part, whose turn each try waits for.
    var move: PartMove?
    /// What whoever watches sees of it, where that is more than this one request.
    var step: TransferStep?
    /// True where the server has much to do before it answers.
    var isJoining = false
    /// Throws where another attempt makes no sense.
    var beforeRetry: (@Sendable () throws(StorageError) -> Void)?

    init(_ method: String, _ key: String, doing action: String) {
        self.method = method
        self.key = key
        self.action = action
    }

    /// The last part of the key, as what is said of transfers names it.
    static func shortName(_ key: String) -> String { key.split(byte: "/").last.map(String.init) ?? "the bucket" }

    /// What is waited for while it is on its way.
    var phase: TransferStep.Phase {
        if isJoining { return .joining }
        return method == "GET" && move != nil ? .receiving : .sending(body.length ?? 0)
    }

    /// Sends bytes that are all there.
    mutating func carry(_ bytes: [UInt8], contentType: String) {
        body = .bytes(bytes)
        bodyHash = SHA256.hash(bytes).hexadecimal
        headers["Content-Type"] = contentType
        headers["Content-MD5"] = MD5.hash(bytes).base64
    }
}
