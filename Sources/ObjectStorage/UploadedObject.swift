package import Timestamps

/// What was uploaded, enough to find it again and to know that it is whole.
package struct UploadedObject: Sendable, Hashable {
    /// The whole key.
    package let key: String
    /// Bytes.
    package let size: Int64
    /// Bytes of each part but the last; the size where it went in one piece.
    package let partSize: Int64
    /// SHA-256 of each part in order, in hexadecimal; one even of an empty file.
    package let parts: [String]
    /// The token in the object's metadata that tells this upload from another.
    package let uploadToken: String

    /// An object from its parts.
    package init(key: String, size: Int64, partSize: Int64, parts: [String], uploadToken: String) {
        self.key = key
        self.size = size
        self.partSize = partSize
        self.parts = parts
        self.uploadToken = uploadToken
    }

    /// Where the parts begin and how long they are; nil where sizes and hashes do not agree.
    var ranges: PartRanges? {
        guard size >= 0, partSize > 0 || size == 0 else { return nil }
        let ranges = PartRanges(size: size, partSize: size == 0 ? 1 : partSize)
        return ranges.count == parts.count ? ranges : nil
    }
}

/// What a server tells of an object without its content.
package struct ObjectStatus: Sendable, Hashable {
    /// Bytes.
    package let size: Int64
    /// The server's own mark of the content, without quotes.
    package let etag: String
    /// What was stored beside it, names in lower case without `x-amz-meta-`.
    package let metadata: [String: String]
    /// When it was written, as the server says it.
    package let lastModified: String?

    /// A status from its parts.
    package init(size: Int64, etag: String, metadata: [String: String], lastModified: String?) {
        self.size = size
        self.etag = etag
        self.metadata = metadata
        self.lastModified = lastModified
    }
}

/// One object of a listing.
package struct ListedObject: Sendable, Hashable {
    /// The whole key.
    package let key: String
    /// Bytes.
    package let size: Int64
    /// The server's own mark of the content, without quotes.
    package let etag: String
    /// When it was written, nil where the server does not say it.
    package let lastModified: Timestamp?

    /// An entry from its parts.
    package init(key: String, size: Int64, etag: String, lastModified: Timestamp? = nil) {
        self.key = key
        self.size = size
        self.etag = etag
        self.lastModified = lastModified
    }
}
