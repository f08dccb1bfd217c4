import HTTP
import Hashing
import POSIX
public import SystemPackage

/// Files.
extension S3Client {
    /// Uploads a file in one piece or in parts; one that changes while it is read is never published.
    ///
    /// What is there already under the key counts as uploaded where its content is the file's.
    public func upload(
        _ file: FilePath, to key: String, once: Bool, progress: (@Sendable (Int64) -> Void)?
    ) async throws(StorageError) -> UploadedObject {
        let action = "upload \(file) to \(location.name(key))"
        let source = try await BlockingThread.run { [limits] () throws(StorageError) in
            try SourceFile(file, limits: limits, doing: action)
        }
        let upload = Upload(
            source: source, key: key, once: once, action: action, progress: MovedBytes(progress))
        do throws(StorageError) {
            return source.size < options.minimumPartSize
                ? try await uploadWhole(upload) : try await uploadInParts(upload)
        } catch {
            // A server only says that the body does not fit its hash; why, is seen here.
            if error.code != .cancelled { try source.checkUnchanged() }
            throw error
        }
    }

    private func uploadWhole(_ upload: Upload) async throws(StorageError) -> UploadedObject {
        let source = upload.source
        let token = UploadToken.make()
        let hashes = try await source.hash(offset: 0, length: source.size, withMD5: true)
        defer { source.dropCache(offset: 0, length: source.size) }
        try source.checkUnchanged()
        var call = S3Call("PUT", upload.key, doing: upload.action)
        call.body = .file(source.body, offset: 0, length: source.size)
        call.bodyHash = hashes.sha256.hexadecimal
        call.headers = ["Content-Type": "application/octet-stream", UploadToken.header: token]
        // Not every server compares the signed hash with the body; all of them compare this.
        call.headers["Content-MD5"] = hashes.md5?.base64
        if upload.once { call.headers["If-None-Match"] = "*" }
        call.onUpload = { upload.progress.update(0, $0) }
        call.beforeRetry = { () throws(StorageError) in try source.checkUnchanged() }
        let object = UploadedObject(
            key: upload.key, size: source.size, partSize: source.size, parts: [hashes.sha256.hexadecimal],
            uploadToken: token)
        do throws(StorageError) { _ = try await perform(call) } catch {
            guard error.code == .preconditionFailed, let existing = try await existing(like: object) else {
                throw error
            }
            return existing
        }
        etags.remember(hashes.md5?.hexadecimal, for: token)
        return object
    }

    /// The object under the key where its content is the same, whoever wrote it.
    func existing(like object: UploadedObject) async throws(StorageError) -> UploadedObject? {
        guard let status = try await head(object.key), status.size == object.size else { return nil }
        let token = status.metadata[UploadToken.metadataName] ?? ""
        if token == object.uploadToken { return object }
        guard try await readsBack(object) else { return nil }
        return UploadedObject(
            key: object.key, size: object.size, partSize: object.partSize, parts: object.parts, uploadToken: token)
    }
}

/// One file on its way.
struct Upload: Sendable {
    let source: SourceFile
    let key: String
    let once: Bool
    let action: String
    let progress: MovedBytes
}
