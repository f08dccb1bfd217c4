package import JSON

extension ObjectStore {
    /// Reads and decodes a JSON object; nil where there is no object, a failure where the content cannot be decoded.
    ///
    /// Reads the object up to 3 times: damage in transit is gone at the next read, and one flipped bit in a response
    /// must not make a run start over.
    package func document<Value>(
        _ key: String, limit: Int, _ read: (JSONValue) throws -> Value
    ) async throws(StorageError) -> Result<Value, any Error>? {
        var attempt = 1
        while true {
            guard let bytes = try await get(key, limit: limit) else { return nil }
            do { return .success(try read(try JSONValue(parsing: bytes))) } catch {
                guard attempt < 3 else { return .failure(error) }
                attempt += 1
            }
        }
    }
}
