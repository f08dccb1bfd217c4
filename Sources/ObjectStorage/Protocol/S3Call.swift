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
    /// Throws where another attempt makes no sense.
    var beforeRetry: (@Sendable () throws(StorageError) -> Void)?

    init(_ method: String, _ key: String, doing action: String) {
        self.method = method
        self.key = key
        self.action = action
    }

    /// Sends bytes that are all there.
    mutating func carry(_ bytes: [UInt8], contentType: String) {
        body = .bytes(bytes)
        bodyHash = SHA256.hash(bytes).hexadecimal
        headers["Content-Type"] = contentType
        headers["Content-MD5"] = MD5.hash(bytes).base64
    }
}
