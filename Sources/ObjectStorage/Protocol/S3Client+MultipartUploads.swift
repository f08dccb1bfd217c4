import ByteText
import HTTP
import Hashing
package import Timestamps

/// A multipart upload in progress as the server lists it, regardless of the client that started it.
package struct MultipartUpload: Sendable, Hashable {
    /// The full key that the object will have.
    package let key: String
    /// The server's ID of the upload.
    package let uploadID: String
    /// The start time; nil where the server does not report it.
    package let started: Timestamp?
}

/// Incomplete multipart uploads take space, and cost money, until they are aborted or expire.
extension S3Client {
    /// More pages than any bucket needs.
    private static let mostUploadPages = 1000

    /// Returns every upload in progress whose key starts with the prefix.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html>
    package func multipartUploads(_ prefix: String) async throws(StorageError) -> [MultipartUpload] {
        var call = S3Call("GET", "", doing: "list the unfinished uploads of \(location.name(prefix))")
        var uploads: [MultipartUpload] = []
        var marker: (key: String, id: String)?
        for _ in 0..<Self.mostUploadPages {
            call.query = [("uploads", ""), ("encoding-type", "url"), ("prefix", prefix)]
            if let marker { call.query += [("key-marker", marker.key), ("upload-id-marker", marker.id)] }
            let document = try await document(call)
            guard document.name == "ListMultipartUploadsResult" else {
                throw StorageError(.other, call.action, "the answer is <\(document.name)>, not a listing")
            }
            let isEncoded = document["EncodingType"] == "url"
            func decoded(_ text: String) -> String {
                isEncoded ? String(decoding: PercentEncoding.decode(text, plusIsSpace: true), as: UTF8.self) : text
            }
            for element in document.all("Upload") {
                // An abort without an upload ID would be a DELETE of the object.
                guard let key = element["Key"].map(decoded), let id = element["UploadId"], !key.isEmpty, !id.isEmpty
                else {
                    throw StorageError(.other, call.action, "an entry has no key or no id")
                }
                try Self.check(key, below: prefix, call.action)
                uploads.append(
                    MultipartUpload(
                        key: key, uploadID: id, started: element["Initiated"].flatMap(Timestamp.init(rfc3339:))))
            }
            guard document["IsTruncated"] == "true" else { return uploads }
            guard let key = document["NextKeyMarker"].map(decoded), let id = document["NextUploadIdMarker"],
                marker.map({ !$0.key.isSame(bytes: key) || !$0.id.isSame(bytes: id) }) ?? true
            else { throw StorageError(.other, call.action, "the listing is cut off without saying where it goes on") }
            marker = (key, id)
        }
        throw StorageError(.other, call.action, "the listing has no end")
    }

    /// Throws for a listed key outside the prefix: a caller that deletes or copies listed keys must stay within it.
    static func check(_ key: String, below prefix: String, _ action: String) throws(StorageError) {
        guard key.hasPrefix(bytes: prefix) else {
            throw StorageError(.other, action, "the server lists '\(key)', which does not begin with '\(prefix)'")
        }
    }

    /// Returns the number of parts that the server has of an upload, and their bytes; nil where the upload is over.
    package func partsSent(_ upload: MultipartUpload) async throws(StorageError) -> (count: Int, bytes: Int64)? {
        let action = "list the parts of the upload of \(location.name(upload.key))"
        do throws(StorageError) {
            let parts = try await listParts(upload.key, upload.uploadID, action)
            return (parts.count, parts.values.reduce(0) { $0 + $1.size })
        } catch {
            guard error.s3Code == "NoSuchUpload" || error.code == .noSuchKey else { throw error }
            return nil
        }
    }

    /// Aborts an upload and frees its parts; does nothing where the upload is over already.
    ///
    /// The caller must know that no process works on the upload any more.
    package func abort(_ upload: MultipartUpload) async throws(StorageError) {
        var call = S3Call("DELETE", upload.key, doing: "abort the upload of \(location.name(upload.key))")
        call.query = [("uploadId", upload.uploadID)]
        do throws(StorageError) { _ = try await perform(call) } catch {
            guard error.s3Code == "NoSuchUpload" || error.code == .noSuchKey else { throw error }
        }
    }
}
