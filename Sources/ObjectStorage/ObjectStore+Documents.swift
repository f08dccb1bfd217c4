package import JSON

extension ObjectStore {
    /// What an object of JSON says, nil where there is none; why it says nothing, where it cannot be read.
    ///
    /// What was damaged on its way is whole when it comes again: a run must not begin anew for one bit of an answer.
    package func document<Value>(
        _ key: String, limit: Int, _ read: (JSONValue) throws(JSONError) -> Value
    ) async throws(StorageError) -> Result<Value, JSONError>? {
        var attempt = 1
        while true {
            guard let bytes = try await get(key, limit: limit) else { return nil }
            do throws(JSONError) { return .success(try read(try JSONValue(parsing: bytes))) } catch {
                guard attempt < 3 else { return .failure(error) }
                attempt += 1
            }
        }
    }
}
