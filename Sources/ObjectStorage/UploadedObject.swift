package import Timestamps

/// An uploaded object: enough to find it again and to verify its content.
package struct UploadedObject: Sendable, Hashable {
    /// The full key.
    package let key: String
    /// The size in bytes.
    package let size: Int64
    /// The size in bytes of each part except the last; the object's size where it was uploaded in one piece.
    package let partSize: Int64
    /// SHA-256 of each part in order, in hexadecimal; an empty file has one part.
    package let parts: [String]
    /// The upload token in the object's metadata, which distinguishes this upload from any other.
    package let uploadToken: String

    package init(key: String, size: Int64, partSize: Int64, parts: [String], uploadToken: String) {
        self.key = key
        self.size = size
        self.partSize = partSize
        self.parts = parts
        self.uploadToken = uploadToken
    }

    /// The offsets and lengths of the parts; nil where the size and the number of hashes do not agree.
    var ranges: PartRanges? {
        guard size >= 0, partSize > 0 || size == 0 else { return nil }
        let ranges = PartRanges(size: size, partSize: size == 0 ? 1 : partSize)
        return ranges.count == parts.count ? ranges : nil
    }
}

/// The metadata of an object, as a HEAD request returns it.
package struct ObjectStatus: Sendable, Hashable {
    /// The size in bytes.
    package let size: Int64
    /// The ETag, without quotes.
    package let etag: String
    /// The user metadata; names are in lower case and without `x-amz-meta-`.
    package let metadata: [String: String]
    /// The Last-Modified header as the server sent it.
    package let lastModified: String?

    package init(size: Int64, etag: String, metadata: [String: String], lastModified: String?) {
        self.size = size
        self.etag = etag
        self.metadata = metadata
        self.lastModified = lastModified
    }
}

/// One object in a listing.
package struct ListedObject: Sendable, Hashable {
    /// The full key.
    package let key: String
    /// The size in bytes.
    package let size: Int64
    /// The ETag, without quotes.
    package let etag: String
    /// The modification time; nil where the server does not report it.
    package let lastModified: Timestamp?

    package init(key: String, size: Int64, etag: String, lastModified: Timestamp? = nil) {
        self.key = key
        self.size = size
        self.etag = etag
        self.lastModified = lastModified
    }
}
