/// Runs numbered pieces of work, a few at once; the first failure cancels the others and is thrown.
package enum BoundedTasks {
    /// Runs `count` pieces of work and returns their values in the order of their numbers.
    package static func run<Value: Sendable, Failure: Error>(
        _ count: Int, atOnce limit: Int, _ body: @escaping @Sendable (Int) async throws(Failure) -> Value
    ) async throws(Failure) -> [Value] {
        let outcome = await withTaskGroup(of: (Int, Result<Value, Failure>).self) { group in
            var next = 0
            func start() {
                guard next < count else { return }
                let index = next
                next += 1
                group.addTask {
                    do throws(Failure) { return (index, .success(try await body(index))) } catch {
                        return (index, .failure(error))
                    }
                }
            }
            for _ in 0..<max(1, limit) { start() }
            var values: [Int: Value] = [:]
            var failure: Failure?
            while let (index, result) = await group.next() {
                switch result {
                case .success(let value):
                    values[index] = value
                    if failure == nil { start() }
                case .failure(let error):
                    // Errors of the others after their cancellation say nothing.
                    if failure == nil { failure = error }
                    group.cancelAll()
                }
            }
            return failure.map { .failure($0) } ?? Result<_, Failure>.success(values)
        }
        let values = try outcome.get()
        return (0..<count).compactMap { values[$0] }
    }
}

extension BoundedTasks {
    /// Runs `body` for each item.
    package static func forEach<Item: Sendable, Failure: Error>(
        _ items: [Item], atOnce limit: Int, _ body: @escaping @Sendable (Item) async throws(Failure) -> Void
    ) async throws(Failure) {
        _ = try await run(items.count, atOnce: limit) { (index) async throws(Failure) in try await body(items[index]) }
    }
}
