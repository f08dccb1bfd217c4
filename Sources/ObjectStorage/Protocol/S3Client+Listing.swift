import HTTP
import Hashing
import Timestamps

/// Listings. <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
extension S3Client {
    /// A longer listing is a server's error: a page has up to 1000 objects.
    private static let mostPages = 100_000

    /// Passes the objects whose keys start with the prefix to `page`, page by page, until `page` returns false.
    ///
    /// With `isShallow`, leaves out objects beyond the next slash and reports their common prefixes instead.
    package func list(
        _ prefix: String, isShallow: Bool, _ page: (ListedPage) -> Bool
    ) async throws(StorageError) {
        var token: String?
        var bytes: Int64 = 0
        for _ in 0..<Self.mostPages {
            let (listed, next) = try await listPage(prefix, isShallow, after: token)
            for object in listed.objects {
                bytes += object.size
                guard bytes <= ObjectSize.mostListed else {
                    throw StorageError(.other, "list \(location.name(prefix))", "it lists more bytes than there can be")
                }
            }
            guard page(listed), let next else { return }
            token = next
        }
        throw StorageError(.other, "list \(location.name(prefix))", "the listing has no end")
    }

    private func listPage(
        _ prefix: String, _ isShallow: Bool, after token: String?
    ) async throws(StorageError) -> (ListedPage, next: String?) {
        let action = "list \(location.name(prefix))"
        var call = S3Call("GET", "", doing: "list \(location.name(""))")
        // Keys may contain characters that XML cannot represent, so they are requested percent-encoded.
        call.query = [
            ("list-type", "2"), ("encoding-type", "url"), ("prefix", prefix),
            ("max-keys", String(options.objectsPerPage)),
        ]
        if isShallow { call.query.append(("delimiter", "/")) }
        if let token { call.query.append(("continuation-token", token)) }
        let document = try await document(call, doing: action)
        guard document.name == "ListBucketResult" else {
            throw StorageError(.other, action, "the answer is <\(document.name)>, not a listing")
        }
        let isEncoded = document["EncodingType"] == "url"
        func decoded(_ key: String) -> String {
            isEncoded ? String(decoding: PercentEncoding.decode(key, plusIsSpace: true), as: UTF8.self) : key
        }
        var objects: [ListedObject] = []
        for element in document.all("Contents") {
            guard let key = element["Key"].map(decoded), let size = ObjectSize.read(element["Size"]) else {
                throw StorageError(.other, action, "an entry has no key or no size")
            }
            try Self.check(key, below: prefix, action)
            objects.append(
                ListedObject(
                    key: key, size: size, etag: Self.unquoted(element["ETag"] ?? ""),
                    lastModified: element["LastModified"].flatMap(Timestamp.init(rfc3339:))))
        }
        let page = ListedPage(
            objects: objects, folders: document.all("CommonPrefixes").compactMap { $0["Prefix"] }.map(decoded))
        guard document["IsTruncated"] == "true" else { return (page, nil) }
        guard let next = document["NextContinuationToken"], !next.isEmpty, next != token else {
            throw StorageError(.other, action, "the listing is cut off without saying where it goes on")
        }
        return (page, next)
    }
}
