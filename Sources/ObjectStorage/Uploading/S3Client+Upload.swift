import HTTP
import Hashing
import POSIX
package import SystemPackage

/// Uploads of files.
extension S3Client {
    /// Uploads a file in one request or in parts; never publishes a file that changes while it is read.
    ///
    /// An object that already exists under the key counts as uploaded where its content equals the file's.
    package func upload(
        _ file: FilePath, to key: String, once: Bool, progress: (@Sendable (Int64) -> Void)?
    ) async throws(StorageError) -> UploadedObject {
        let action = "upload \(file) to \(location.name(key))"
        let (source, content) = try await BlockingThread.run {
            [limits, withMD5 = options.sendsContentMD5] () throws(StorageError) in
            let source = try SourceFile(file, limits: limits, doing: action)
            return (source, try source.contentIfSmall(withMD5: withMD5))
        }
        let upload = Upload(
            source: source, key: key, once: once, action: action, progress: MovedBytes(progress))
        if let content { return try await put(upload, content) }
        do throws(StorageError) {
            return source.size < options.minimumPartSize
                ? try await uploadWhole(upload) : try await uploadInParts(upload)
        } catch {
            // The server reports only that the body does not match its hash; this check finds the reason.
            if error.code != .cancelled { try source.checkUnchanged() }
            throw error
        }
    }

    private func uploadWhole(_ upload: Upload) async throws(StorageError) -> UploadedObject {
        let source = upload.source
        let step = TransferWatch.begin(source.name, .hashing)
        defer { step?.end(wentWell: true) }
        let hashes = try await hasher.hash(source, offset: 0, length: source.size, withMD5: options.sendsContentMD5)
        defer { source.dropCache(offset: 0, length: source.size) }
        try source.checkUnchanged()
        return try await put(
            upload, WholeContent(body: .file(source.body, offset: 0, length: source.size), hashes: hashes))
    }

    private func put(_ upload: Upload, _ content: WholeContent) async throws(StorageError) -> UploadedObject {
        let token = UploadToken.make()
        let sha256 = content.hashes.sha256.hexadecimal
        var call = S3Call("PUT", upload.key, doing: upload.action)
        call.body = content.body
        call.bodyHash = sha256
        call.headers = ["Content-Type": "application/octet-stream", UploadToken.header: token]
        if options.sendsContentMD5 { call.headers["Content-MD5"] = content.hashes.md5?.base64 }
        if upload.once { call.headers["If-None-Match"] = "*" }
        call.onUpload = { upload.progress.update(0, $0) }
        if content.isReadAgain { call.beforeRetry = { () throws(StorageError) in try upload.source.checkUnchanged() } }
        let size = upload.source.size
        let object = UploadedObject(key: upload.key, size: size, partSize: size, parts: [sha256], uploadToken: token)
        do throws(StorageError) {
            // The server accepted the bytes under the signed hash, so the ETag that it returns belongs to these bytes.
            etags.remember(try await perform(call).headers["ETag"].map(Self.unquoted), for: token)
        } catch {
            guard error.code == .preconditionFailed, let existing = try await existing(like: object) else {
                throw error
            }
            return existing
        }
        if content.isReadAgain { try await withdraw(object, ifChanged: upload.source) }
        return object
    }

    /// Deletes the object of a file that changed.
    ///
    /// A server that does not check the signed hash has stored whatever the file contained when it was sent.
    private func withdraw(_ object: UploadedObject, ifChanged source: SourceFile) async throws(StorageError) {
        do throws(StorageError) { try source.checkUnchanged() } catch {
            try? await delete(object.key)
            throw error
        }
    }

    /// Returns the object under the key where its content is the same, regardless of its writer.
    func existing(like object: UploadedObject) async throws(StorageError) -> UploadedObject? {
        guard let status = try await head(object.key), status.size == object.size else { return nil }
        let token = status.metadata[UploadToken.metadataName] ?? ""
        if token == object.uploadToken { return object }
        guard try await readsBack(object) else { return nil }
        return UploadedObject(
            key: object.key, size: object.size, partSize: object.partSize, parts: object.parts, uploadToken: token)
    }
}

/// The upload of one file.
struct Upload: Sendable {
    let source: SourceFile
    let key: String
    let once: Bool
    let action: String
    let progress: MovedBytes
}

/// The content of an object that is sent in one request.
struct WholeContent: Sendable {
    let body: HTTPBody
    let hashes: PartHashes

    /// True where a file is read a second time to be sent, and may have changed by then.
    var isReadAgain: Bool { if case .file = body { true } else { false } }
}
