import HTTP
import Timestamps

/// Some of the objects of a bucket, and the folders that it was told apart into.
package struct ListedPage: Sendable {
    /// In the order of keys.
    package let objects: [ListedObject]
    /// What keys begin with up to the next slash, where the listing was not to go deeper.
    package let folders: [String]
}

/// Listing. <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
extension S3Client {
    /// A listing that never ends is a server's mistake; a thousand objects come with each page.
    private static let mostPages = 100_000

    /// Every object whose key begins so, in the order of keys.
    package func list(_ prefix: String) async throws(StorageError) -> [ListedObject] {
        var objects: [ListedObject] = []
        try await list(prefix) { page in
            objects += page.objects
            return true
        }
        return objects
    }

    /// Hands out the objects whose keys begin so, page by page until `page` answers false; with `isShallow` none behind
    /// the next slash.
    package func list(
        _ prefix: String, isShallow: Bool = false, _ page: (ListedPage) -> Bool
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
        // Keys may hold characters that XML cannot, so they come percent-encoded.
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
