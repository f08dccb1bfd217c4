/// A kind of store: how users write its addresses and its endpoints.
package protocol StoreScheme: Sendable {
    /// Parses an address such as `s3://bucket/key`; nil where it has another scheme.
    static func address(_ text: String) throws(StorageError) -> StoreAddress?

    /// True where only machines that mount the same file system reach such stores.
    static var isLocal: Bool { get }

    /// Returns true where an endpoint is one of this kind's, valid or not.
    static func recognizes(endpoint: String) -> Bool

    /// Returns the location of a bucket at an endpoint of this kind.
    static func location(_ bucket: String, at endpoint: StoreEndpoint) throws(StorageError) -> any StoreLocation
}

/// The service that keeps buckets, as R2_ENDPOINT_URL, R2_REGION and R2_ADDRESSING name it.
package struct StoreEndpoint: Sendable, Hashable {
    package let url: String
    /// nil where the endpoint tells the region.
    package let region: String?
    /// `path` or `virtual`; nil where the user has not chosen.
    package let addressing: String?

    package init(_ url: String, region: String? = nil, addressing: String? = nil) {
        self.url = url
        self.region = region
        self.addressing = addressing
    }

    /// The endpoint without a query, which may hold a secret.
    var shown: String { String(decoding: url.utf8.prefix { $0 != UInt8(ascii: "?") }, as: UTF8.self) }
}

/// Every kind of store; a new one is a row here.
package enum StoreSchemes {
    /// In the order in which they are asked; an endpoint that none recognises is a bucket's, whose error names the form.
    static let all: [any StoreScheme.Type] = [FolderScheme.self, BucketScheme.self]

    /// Returns the location of a bucket; throws for an endpoint that no store can have.
    package static func location(
        _ bucket: String, at endpoint: StoreEndpoint
    ) throws(StorageError) -> any StoreLocation {
        try scheme(of: endpoint.url).location(bucket, at: endpoint)
    }

    /// Returns true for the endpoint of stores that other machines do not reach and that need no access key.
    package static func isLocal(endpoint: String) -> Bool { scheme(of: endpoint).isLocal }

    private static func scheme(of endpoint: String) -> any StoreScheme.Type {
        all.first { $0.recognizes(endpoint: endpoint) } ?? BucketScheme.self
    }
}
