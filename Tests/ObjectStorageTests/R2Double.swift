import HTTP
import Hashing
import ObjectStorage
import Secrets
import Synchronization
import TestSupport
import Timestamps

@testable import ObjectStorage

/// An S3 server that is strict where R2 is, and keeps account of what came.
///
/// <https://developers.cloudflare.com/r2/api/s3/api/> and <https://developers.cloudflare.com/r2/objects/multipart-objects/>.
/// What goes wrong on the way is a proxy's business; what R2 refuses by its rules is refused here.
final class R2Double: Sendable {
    /// The rules that a test may change while the server runs.
    struct Rules: Sendable {
        /// No part but the last may be shorter; R2's own is 5 MiB.
        var leastPart = 64 << 10
        /// Parts in one page of a listing; R2 gives 1000.
        var partsInPage = 3
        /// Milliseconds that must pass between two writes of one key; R2 wants 1000.
        var writeInterval = 0
        /// False where the key may only read.
        var mayWrite = true
        /// True once the temporary key is too old.
        var isKeyExpired = false
        /// Seconds by which the server's clock is ahead of this machine's.
        var clockOffset = 0
        /// False where object metadata is forgotten, as rclone does at its restart.
        var keepsMetadata = true
    }

    struct StoredObject: Sendable {
        var content: [UInt8]
        var etag: String
        var metadata: [String: String]
        var uploadID: String?
    }

    struct Upload: Sendable {
        let key: String
        let metadata: [String: String]
        var parts: [Int: (content: [UInt8], etag: String)] = [:]
    }

    struct State: Sendable {
        var rules = Rules()
        var objects: [String: StoredObject] = [:]
        var uploads: [String: Upload] = [:]
        /// Whole parts that came, by upload and number; a second time is one too many.
        var received: [String: [Int: Int]] = [:]
        var written: [String: ContinuousClock.Instant] = [:]
        var count = 0
    }

    static let bucket = "bucket-1"
    static let accessKeyID = "r2-key"
    static let secret = "r2-secret"

    let state = Mutex(State())
    // Set once, right after the server that refers to this value was made.
    private let server: Mutex<LoopbackServer?> = Mutex(nil)

    init() async throws {
        let made = try await LoopbackServer { [state = Unowned(self)] in state.value?.answer($0) ?? .close }
        server.withLock { $0 = made }
    }

    var endpoint: String { "http://\(server.withLock { $0?.host } ?? "")" }

    func change(_ body: (inout Rules) -> Void) { state.withLock { body(&$0.rules) } }

    /// What R2 does to uploads that are older than seven days.
    func forgetUploads() { state.withLock { $0.uploads = [:] } }

    func object(_ key: String) -> StoredObject? { state.withLock { $0.objects[key] } }
    var uploads: [String: Upload] { state.withLock { $0.uploads } }

    /// How often each part of an upload came whole.
    func received(_ uploadID: String) -> [Int: Int] { state.withLock { $0.received[uploadID] ?? [:] } }

    /// A client with small parts.
    func client(
        endpoint: String? = nil, partSize: Int64 = 1 << 20, region: String = "auto", stallSeconds: Int = 30,
        policy: RetryPolicy = .quick, _ change: (inout S3Client.Options) -> Void = { _ in }
    ) throws -> S3Client {
        try Self.client(
            of: endpoint ?? self.endpoint, partSize: partSize, region: region, stallSeconds: stallSeconds,
            policy: policy, change)
    }

    static func client(
        of endpoint: String, partSize: Int64 = 1 << 20, region: String = "auto", stallSeconds: Int = 30,
        policy: RetryPolicy = .quick, _ change: (inout S3Client.Options) -> Void = { _ in }
    ) throws -> S3Client {
        var options = S3Client.Options()
        options.minimumPartSize = partSize
        options.stallSeconds = stallSeconds
        change(&options)
        return S3Client(
            try BucketLocation(endpoint: endpoint, bucket: Self.bucket, region: region),
            credentials: StorageCredentials(accessKeyID: Self.accessKeyID, secretAccessKey: Secret(Self.secret)),
            client: HTTPClient(), policy: policy, options: options)
    }

    /// A reference that the server's closure may hold without keeping the double.
    private final class Unowned: Sendable {
        private let reference: @Sendable () -> R2Double?
        init(_ double: R2Double) { reference = { [weak double] in double } }
        var value: R2Double? { reference() }
    }
}

extension R2Double {
    /// A refusal with R2's code.
    private struct Refusal: Error {
        let status: Int
        let code: String
        let message: String
        init(_ status: Int, _ code: String, _ message: String = "refused") {
            (self.status, self.code, self.message) = (status, code, message)
        }
    }

    private func answer(_ request: ReceivedRequest) -> ServerReply {
        let date = Timestamp.now() + state.withLock { $0.rules.clockOffset }
        do {
            return try state.withLock { state in try carryOut(Call(request), &state, now: date) }
        } catch let refusal as Refusal {
            let text =
                "<?xml version=\"1.0\"?><Error><Code>\(refusal.code)</Code>"
                + "<Message>\(refusal.message)</Message><RequestId>request-7</RequestId></Error>"
            return .answer(refusal.status, ["Date": date.http, "Content-Type": "application/xml"], text: text)
        } catch { return .answer(500, text: "\(error)") }
    }

    private func carryOut(_ call: Call, _ state: inout State, now: Timestamp) throws -> ServerReply {
        try admit(call, state.rules, now)
        let date: HTTP.HTTPHeaders = ["Date": now.http]
        let upload = call.query["uploadId"]
        switch call.request.method {
        case "POST" where call.query["uploads"] != nil:
            state.count += 1
            let id = "upload-\(state.count)"
            state.uploads[id] = Upload(key: call.key, metadata: call.metadata)
            return .answer(
                200, date,
                text: "<InitiateMultipartUploadResult><UploadId>\(id)</UploadId></InitiateMultipartUploadResult>")
        case "PUT" where upload != nil:
            let id = upload ?? ""
            guard state.uploads[id]?.key == call.key, let number = call.query["partNumber"].flatMap({ Int($0) }) else {
                throw Refusal(404, "NoSuchUpload")
            }
            let etag = MD5.hash(call.request.body).hexadecimal
            state.uploads[id]?.parts[number] = (call.request.body, etag)
            state.received[id, default: [:]][number, default: 0] += 1
            return .answer(200, ["Date": now.http, "ETag": "\"\(etag)\""])
        case "POST": return try complete(call, upload ?? "", &state, date)
        case "GET" where upload != nil: return try listParts(call, upload ?? "", state, date)
        case "DELETE" where upload != nil:
            guard state.uploads.removeValue(forKey: upload ?? "") != nil else { throw Refusal(404, "NoSuchUpload") }
            return .answer(204, date)
        case "PUT":
            try checkCondition(call, state)
            try pace(call, &state)
            let etag = MD5.hash(call.request.body).hexadecimal
            state.objects[call.key] = StoredObject(
                content: call.request.body, etag: etag, metadata: state.rules.keepsMetadata ? call.metadata : [:])
            return .answer(200, ["Date": now.http, "ETag": "\"\(etag)\""])
        case "GET" where call.query["uploads"] != nil: return listUploads(call, state, date)
        case "GET" where call.query["list-type"] == "2":
            let keys = state.objects.keys.filter { $0.hasPrefix(call.query["prefix"] ?? "") }.sorted()
            let entries = keys.map { key in
                "<Contents><Key>\(PercentEncoding.encode(key, keepingSlash: true))</Key>"
                    + "<Size>\(state.objects[key]?.content.count ?? 0)</Size></Contents>"
            }
            return .answer(
                200, date,
                text: "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>"
                    + "\(entries.joined())</ListBucketResult>")
        case "GET", "HEAD":
            guard let object = state.objects[call.key] else { throw Refusal(404, "NoSuchKey") }
            return read(call, object, now)
        case "DELETE":
            state.objects[call.key] = nil
            return .answer(204, date)
        default: throw Refusal(501, "NotImplemented")
        }
    }

    private func read(_ call: Call, _ object: StoredObject, _ now: Timestamp) -> ServerReply {
        var headers: HTTP.HTTPHeaders = ["Date": now.http, "ETag": "\"\(object.etag)\""]
        for (name, value) in object.metadata { headers.add("x-amz-meta-\(name)", value) }
        let total = object.content.count
        guard let range = call.request.headers["Range"]?.dropFirst("bytes=".count).split(separator: "-"),
            range.count == 2, let first = Int(range[0]), let last = Int(range[1])
        else {
            headers.add("Content-Length", String(total))
            return .answer(200, headers, body: object.content)
        }
        let end = min(last + 1, total)
        headers.add("Content-Range", "bytes \(first)-\(end - 1)/\(total)")
        return .answer(206, headers, body: Array(object.content[first..<end]))
    }

    /// Who asks, when, and in what form.
    private func admit(_ call: Call, _ rules: Rules, _ now: Timestamp) throws {
        let headers = call.request.headers
        guard let authorization = headers["Authorization"] else { throw Refusal(401, "Unauthorized") }
        let scope = authorization.split(separator: "Credential=").last?.split(separator: ",").first?.split(
            separator: "/")
        guard let scope, scope.count == 5, scope[0] == Self.accessKeyID else { throw Refusal(401, "Unauthorized") }
        guard scope[2] == "auto" || scope[2] == "us-east-1" else {
            throw Refusal(400, "InvalidRegionName", "The region name '\(scope[2])' is not valid.")
        }
        let signed = headers["X-Amz-Date"].flatMap { Self.time($0) } ?? 0
        guard abs(signed - now.seconds) < 900 else { throw Refusal(400, "ExpiredRequest") }
        guard !rules.isKeyExpired else { throw Refusal(400, "ExpiredToken") }
        guard let hash = headers["X-Amz-Content-Sha256"] else { throw Refusal(400, "InvalidRequest") }
        guard !hash.hasPrefix("STREAMING-"), headers["Expect"] == nil,
            !headers.fields.contains(where: { $0.name.lowercased().hasPrefix("x-amz-checksum-") })
        else { throw Refusal(501, "NotImplemented") }
        guard try isSignedRight(call, authorization) else { throw Refusal(403, "SignatureDoesNotMatch") }
        guard ["GET", "HEAD"].contains(call.request.method) || rules.mayWrite else {
            throw Refusal(403, "AccessDenied")
        }
        guard call.bucket == Self.bucket else { throw Refusal(404, "NoSuchBucket") }
        guard ["PUT", "POST"].contains(call.request.method) else { return }
        guard headers["Content-Length"] != nil else { throw Refusal(411, "MissingContentLength") }
        guard SHA256.hash(call.request.body).hexadecimal == hash else {
            throw Refusal(400, "XAmzContentSHA256Mismatch")
        }
        if let md5 = headers["Content-MD5"], md5 != MD5.hash(call.request.body).base64 {
            throw Refusal(400, "BadDigest")
        }
    }

    /// The signature over what came, which the tests of the signer hold against Amazon's own.
    private func isSignedRight(_ call: Call, _ authorization: String) throws -> Bool {
        guard let names = authorization.split(separator: "SignedHeaders=").last?.split(separator: ",").first,
            let given = authorization.split(separator: "Signature=").last, let host = call.request.headers["Host"],
            let date = call.request.headers["X-Amz-Date"].flatMap({ Self.time($0) }),
            let region = authorization.split(separator: "/").dropFirst(2).first
        else { return false }
        var headers = HTTP.HTTPHeaders()
        for name in names.split(separator: ";") where name != "host" {
            for value in call.request.headers.values(String(name)) { headers.add(String(name), value) }
        }
        let url = try HTTPURL("http://\(host)\(call.request.target)")
        let signer = SigV4Signer(
            StorageCredentials(accessKeyID: Self.accessKeyID, secretAccessKey: Secret(Self.secret)),
            region: String(region))
        let canonical = CanonicalRequest(
            call.request.method, url, headers, query: url.queryItems,
            bodyHash: call.request.headers["X-Amz-Content-Sha256"] ?? "", rules: .s3)
        return signer.signature(canonical, at: Timestamp(seconds: date)) == given
    }

    private func checkCondition(_ call: Call, _ state: State) throws {
        guard call.request.headers["If-None-Match"] == "*", state.objects[call.key] != nil else { return }
        throw Refusal(412, "PreconditionFailed")
    }

    private func pace(_ call: Call, _ state: inout State) throws {
        let now = ContinuousClock.now
        if let last = state.written[call.key], now - last < .milliseconds(state.rules.writeInterval) {
            throw Refusal(429, "TooManyRequests")
        }
        state.written[call.key] = now
    }

    private func complete(
        _ call: Call, _ id: String, _ state: inout State, _ date: HTTP.HTTPHeaders
    ) throws -> ServerReply {
        guard let upload = state.uploads[id], upload.key == call.key else { throw Refusal(404, "NoSuchUpload") }
        let document = try XMLElement(call.request.body)
        let wanted = document.all("Part").map { part in
            (number: part["PartNumber"].flatMap { Int($0) } ?? 0, etag: (part["ETag"] ?? "").filter { $0 != "\"" })
        }
        guard !wanted.isEmpty else { throw Refusal(400, "MalformedXML") }
        guard zip(wanted, wanted.dropFirst()).allSatisfy({ $0.number < $1.number }) else {
            throw Refusal(400, "InvalidPartOrder")
        }
        var lengths: [Int] = []
        var content: [UInt8] = []
        for part in wanted {
            guard let stored = upload.parts[part.number], stored.etag == part.etag else {
                throw Refusal(400, "InvalidPart")
            }
            lengths.append(stored.content.count)
            content += stored.content
        }
        guard Set(lengths.dropLast()).count <= 1, (lengths.last ?? 0) <= lengths[0] else {
            throw Refusal(400, "InvalidPart", "All non-trailing parts must have the same length.")
        }
        guard lengths.dropLast().allSatisfy({ $0 >= state.rules.leastPart }) else {
            throw Refusal(400, "EntityTooSmall")
        }
        do { try checkCondition(call, state) } catch {
            // R2 gives such an upload up.
            state.uploads[id] = nil
            throw error
        }
        try pace(call, &state)
        state.uploads[id] = nil
        let etag = ExpectedETags.combined(wanted.map(\.etag)) ?? ""
        state.objects[call.key] = StoredObject(
            content: content, etag: etag, metadata: state.rules.keepsMetadata ? upload.metadata : [:], uploadID: id)
        return .answer(
            200, date,
            text: "<CompleteMultipartUploadResult><ETag>&quot;\(etag)&quot;</ETag></CompleteMultipartUploadResult>")
    }

    private func listParts(
        _ call: Call, _ id: String, _ state: State, _ date: HTTP.HTTPHeaders
    ) throws -> ServerReply {
        guard let upload = state.uploads[id], upload.key == call.key else { throw Refusal(404, "NoSuchUpload") }
        let marker = call.query["part-number-marker"].flatMap { Int($0) } ?? 0
        let left = upload.parts.keys.filter { $0 > marker }.sorted()
        let most = min(state.rules.partsInPage, call.query["max-parts"].flatMap { Int($0) } ?? 1000)
        let page = left.prefix(most)
        let parts = page.map { number in
            "<Part><PartNumber>\(number)</PartNumber><ETag>&quot;\(upload.parts[number]?.etag ?? "")&quot;</ETag>"
                + "<Size>\(upload.parts[number]?.content.count ?? 0)</Size></Part>"
        }
        return .answer(
            200, date,
            text: "<ListPartsResult><IsTruncated>\(page.count < left.count)</IsTruncated>"
                + "<NextPartNumberMarker>\(page.last ?? 0)</NextPartNumberMarker>\(parts.joined())</ListPartsResult>")
    }

    private func listUploads(_ call: Call, _ state: State, _ date: HTTP.HTTPHeaders) -> ServerReply {
        func marker(_ id: String) -> String { "\(state.uploads[id]?.key ?? "") \(id)" }
        let prefix = call.query["prefix"] ?? ""
        let after = "\(call.query["key-marker"] ?? "") \(call.query["upload-id-marker"] ?? "")"
        let left = state.uploads.filter { $0.value.key.hasPrefix(prefix) }.keys.sorted { marker($0) < marker($1) }
            .filter { marker($0) > after }
        let page = left.prefix(state.rules.partsInPage)
        func encoded(_ id: String?) -> String {
            PercentEncoding.encode(id.flatMap { state.uploads[$0]?.key } ?? "", keepingSlash: true)
        }
        let entries = page.map { id in
            "<Upload><Key>\(encoded(id))</Key><UploadId>\(id)</UploadId>"
                + "<Initiated>2026-01-02T03:04:05.678Z</Initiated></Upload>"
        }
        return .answer(
            200, date,
            text: "<ListMultipartUploadsResult><EncodingType>url</EncodingType>"
                + "<IsTruncated>\(page.count < left.count)</IsTruncated><NextKeyMarker>\(encoded(page.last))</NextKeyMarker>"
                + "<NextUploadIdMarker>\(page.last ?? "")</NextUploadIdMarker>\(entries.joined())"
                + "</ListMultipartUploadsResult>")
    }

    /// Seconds since 1970 of `20260102T030405Z`.
    private static func time(_ text: String) -> Int? {
        let digits = text.filter(\.isNumber)
        guard digits.count == 14 else { return nil }
        func part(_ range: Range<Int>) -> String { String(Array(digits)[range]) }
        return Timestamp(
            rfc3339: "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(part(8..<10)):\(part(10..<12)):\(part(12..<14))Z")?
            .seconds
    }

    /// A request with its key and query read.
    private struct Call {
        let request: ReceivedRequest
        let bucket: String
        let key: String
        let query: [String: String]
        let metadata: [String: String]

        init(_ request: ReceivedRequest) throws {
            self.request = request
            let path = request.path.dropFirst()
            bucket = String(path.prefix { $0 != "/" })
            key = String(
                decoding: PercentEncoding.decode(path.dropFirst(bucket.count + 1)), as: UTF8.self)
            let items = try HTTPURL("http://host\(request.target)").queryItems
            query = Dictionary(
                items.map { (String(decoding: $0.name, as: UTF8.self), String(decoding: $0.value, as: UTF8.self)) }
            ) { $1 }
            metadata = Dictionary(
                request.headers.fields.filter { $0.name.lowercased().hasPrefix("x-amz-meta-") }
                    .map { (String($0.name.lowercased().dropFirst("x-amz-meta-".count)), $0.value) }
            ) { $1 }
        }
    }
}
