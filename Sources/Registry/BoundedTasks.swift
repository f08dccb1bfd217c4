/// Runs `body` for each item, at most `limit` at once; the first error ends the others and is thrown.
func forEach<Item: Sendable>(
    _ items: [Item], limit: Int, _ body: @escaping @Sendable (Item) async throws(RegistryError) -> Void
) async throws(RegistryError) {
    let failure = await withTaskGroup(of: RegistryError?.self) { group -> RegistryError? in
        var waiting = items.makeIterator()
        func startNext() {
            guard let item = waiting.next() else { return }
            group.addTask {
                do throws(RegistryError) {
                    try await body(item)
                    return nil
                } catch { return error }
            }
        }
        for _ in 0..<limit { startNext() }
        var first: RegistryError?
        while let result = await group.next() {
            if let error = result, first == nil {
                first = error
                group.cancelAll()
            }
            if first == nil { startNext() }
        }
        return first
    }
    if let failure { throw failure }
}
