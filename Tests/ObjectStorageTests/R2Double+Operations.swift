import HTTP
import Hashing
import Synchronization
import TestSupport
import Timestamps

@testable import ObjectStorage

/// The operations on requests that passed authentication.
extension R2Double {
    func answer(_ request: ReceivedRequest) -> ServerReply {
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
        if let copied = try copy(call, &state, date) { return copied }
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
            if state.listed[id]?.contains(number) == true { state.repeated[id, default: []].append(number) }
            return .answer(200, ["Date": now.http, "ETag": "\"\(etag)\""])
        case "POST": return try complete(call, upload ?? "", &state, date)
        case "GET" where upload != nil: return try listParts(call, upload ?? "", &state, date)
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

    /// Answers a request that names a copy source.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>
    private func copy(_ call: Call, _ state: inout State, _ date: HTTP.HTTPHeaders) throws -> ServerReply? {
        guard let source = call.request.headers["x-amz-copy-source"] else { return nil }
        switch state.rules.copying {
        case .ignores: return nil
        case .refuses: throw Refusal(501, "NotImplemented")
        case .breaksDown(let times) where times > 0:
            state.rules.copying = .breaksDown(times - 1)
            return .answer(200, date, text: "<Error><Code>InternalError</Code><Message>broke down</Message></Error>")
        case .breaksDown, .copies: break
        }
        let path = String(decoding: PercentEncoding.decode(source), as: UTF8.self)
        guard path.hasPrefix("/\(Self.bucket)/"),
            let object = state.objects[String(path.dropFirst(Self.bucket.count + 2))]
        else { throw Refusal(404, "NoSuchKey") }
        let condition = call.request.headers["x-amz-copy-source-if-match"]
        guard condition == nil || condition == "\"\(object.etag)\"" else { throw Refusal(412, "PreconditionFailed") }
        let upload = call.query["uploadId"]
        guard let upload else {
            try checkCondition(call, state)
            state.objects[call.key] = object
            return .answer(
                200, date, text: "<CopyObjectResult><ETag>&quot;\(object.etag)&quot;</ETag></CopyObjectResult>")
        }
        guard state.uploads[upload]?.key == call.key, let number = call.query["partNumber"].flatMap({ Int($0) }),
            let range = call.request.headers["x-amz-copy-source-range"]?.dropFirst("bytes=".count).split(
                separator: "-"),
            let first = Int(range[0]), let last = Int(range[1])
        else { throw Refusal(400, "InvalidArgument") }
        let content = Array(object.content[first...last])
        let etag = MD5.hash(content).hexadecimal
        state.uploads[upload]?.parts[number] = (content, etag)
        return .answer(200, date, text: "<CopyPartResult><ETag>&quot;\(etag)&quot;</ETag></CopyPartResult>")
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
            // R2 drops such an upload.
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
        _ call: Call, _ id: String, _ state: inout State, _ date: HTTP.HTTPHeaders
    ) throws -> ServerReply {
        guard let upload = state.uploads[id], upload.key == call.key else { throw Refusal(404, "NoSuchUpload") }
        let marker = call.query["part-number-marker"].flatMap { Int($0) } ?? 0
        if marker == 0 { state.listed[id] = Set(upload.parts.keys) }
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
}
