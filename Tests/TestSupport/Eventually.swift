/// Asks again and again, a bounded time, until something is there.
public func eventually<Value: Sendable>(
    within seconds: Double = 30, every interval: Double = 0.1, _ ask: () async throws -> Value?
) async throws -> Value? {
    var left = seconds
    while left > 0 {
        if let value = try await ask() { return value }
        try await Task.sleep(for: .seconds(interval))
        left -= interval
    }
    return try await ask()
}
