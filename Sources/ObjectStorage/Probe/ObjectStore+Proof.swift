extension ObjectStore {
    /// Writes, reads and deletes a small object: what a run needs of its bucket before all else.
    ///
    /// Deletes the object also where it was not read back as it was written.
    package func prove(_ key: String, with content: [UInt8]) async throws(StorageError) {
        try await put(key, content, contentType: "application/octet-stream")
        let back = try await get(key, limit: max(4096, content.count))
        try await delete(key)
        guard back == content else {
            throw StorageError(.corrupted, "use \(name(""))", "what was written to \(key) is not what is read")
        }
    }
}
