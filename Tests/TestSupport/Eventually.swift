/// Asks again and again until something is there; only what hangs fails.
///
/// `seconds` is how long it takes at most where nothing else runs. A busy machine gets several minutes all the same.
public func eventually<Value: Sendable>(
    within seconds: Double = 30, every interval: Double = 0.1, _ ask: () async throws -> Value?
) async throws -> Value? {
    let end = ContinuousClock.now + .seconds(max(300, seconds * 3))
    while ContinuousClock.now < end {
        if let value = try await ask() { return value }
        try await Task.sleep(for: .seconds(interval))
    }
    return try await ask()
}
