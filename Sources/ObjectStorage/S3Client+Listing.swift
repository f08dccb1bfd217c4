import HTTP

/// Listing. <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
extension S3Client {
    /// A listing that never ends is a server's mistake; a thousand objects come with each page.
    private static let mostPages = 10_000

    /// Every object whose key begins so, in the order of keys.
    public func list(_ prefix: String) async throws(StorageError) -> [ListedObject] {
        var objects: [ListedObject] = []
        var token: String?
        for _ in 0..<Self.mostPages {
            let page = try await listPage(prefix, after: token)
            objects += page.objects
            guard let next = page.next else { return objects }
            token = next
        }
        throw StorageError(.other, "list \(location.name(prefix))", "the listing has no end")
    }

    private func listPage(
        _ prefix: String, after token: String?
    ) async throws(StorageError) -> (objects: [ListedObject], next: String?) {
        let action = "list \(location.name(prefix))"
        var call = S3Call("GET", "", doing: "list \(location.name(""))")
        // Keys may hold characters that XML cannot, so they come percent-encoded.
        call.query = [
            ("list-type", "2"), ("encoding-type", "url"), ("prefix", prefix),
            ("max-keys", String(options.objectsPerPage)),
        ]
        if let token { call.query.append(("continuation-token", token)) }
        let body = try await perform(call).body
        let document: XMLElement
        do throws(XMLError) { document = try XMLElement(body) } catch {
            throw StorageError(.other, action, error.description)
        }
        guard document.name == "ListBucketResult" else {
            throw StorageError(.other, action, "the answer is <\(document.name)>, not a listing")
        }
        let isEncoded = document["EncodingType"] == "url"
        var objects: [ListedObject] = []
        for element in document.all("Contents") {
            guard let key = element["Key"], let size = element["Size"].flatMap({ Int64($0) }) else {
                throw StorageError(.other, action, "an entry has no key or no size")
            }
            let name = isEncoded ? String(decoding: PercentEncoding.decode(key, plusIsSpace: true), as: UTF8.self) : key
            objects.append(ListedObject(key: name, size: size, etag: Self.unquoted(element["ETag"] ?? "")))
        }
        guard document["IsTruncated"] == "true" else { return (objects, nil) }
        guard let next = document["NextContinuationToken"], !next.isEmpty, next != token else {
            throw StorageError(.other, action, "the listing is cut off without saying where it goes on")
        }
        return (objects, next)
    }
}
