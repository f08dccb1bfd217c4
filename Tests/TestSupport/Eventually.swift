import Testing

/// Calls `ask` until it returns a value; records a failure of the test and returns nil where it never does.
///
/// `seconds` is the longest time on an idle machine. A busy machine gets at least five minutes.
package func eventually<Value: Sendable>(
    within seconds: Double = 30, every interval: Double = 0.1,
    fileID: String = #fileID, filePath: String = #filePath, line: Int = #line, column: Int = #column,
    _ ask: () async throws -> Value?
) async throws -> Value? {
    let patience = max(300, seconds * 3)
    let end = ContinuousClock.now + .seconds(patience)
    while ContinuousClock.now < end {
        if let value = try await ask() { return value }
        try await Task.sleep(for: .seconds(interval))
    }
    if let value = try await ask() { return value }
    Issue.record(
        "what this waits for did not come in \(Int(patience)) s",
        sourceLocation: SourceLocation(fileID: fileID, filePath: filePath, line: line, column: column))
    return nil
}
