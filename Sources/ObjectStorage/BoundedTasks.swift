/// Numbered pieces of work, a few at once; the first failure ends the others.
enum BoundedTasks {
    static func run<Value: Sendable>(
        _ count: Int, atOnce limit: Int, _ body: @escaping @Sendable (Int) async throws(StorageError) -> Value
    ) async throws(StorageError) -> [Value] {
        let outcome = await withTaskGroup(of: (Int, Result<Value, StorageError>).self) { group in
            var next = 0
            func start() {
                guard next < count else { return }
                let index = next
                next += 1
                group.addTask {
                    do throws(StorageError) { return (index, .success(try await body(index))) } catch {
                        return (index, .failure(error))
                    }
                }
            }
            for _ in 0..<max(1, limit) { start() }
            var values: [Int: Value] = [:]
            var failure: StorageError?
            while let (index, result) = await group.next() {
                switch result {
                case .success(let value):
                    values[index] = value
                    if failure == nil { start() }
                case .failure(let error):
                    // What the others say once they are cancelled tells nothing.
                    if failure == nil { failure = error }
                    group.cancelAll()
                }
            }
            return failure.map { .failure($0) } ?? Result<_, StorageError>.success(values)
        }
        let values = try outcome.get()
        return (0..<count).compactMap { values[$0] }
    }
}
