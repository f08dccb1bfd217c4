import HTTP
import Synchronization

/// A value that the threads of a test and of its server share.
final class Shared<Value: Sendable>: Sendable {
    private let value: Mutex<Value>
    init(_ value: Value) { self.value = Mutex(value) }

    func withLock<Result: Sendable>(_ body: (inout Value) -> Result) -> Result {
        value.withLock { (value: inout sending Value) in body(&value) }
    }
}

extension Shared<Int> {
    /// Returns the next number, starting with 1.
    func next() -> Int {
        withLock {
            $0 += 1
            return $0
        }
    }
}

extension RetryPolicy {
    /// A policy with waiting times short enough for tests.
    static let quick = RetryPolicy(attempts: 4, firstBound: 0.01, lastBound: 0.05)
}
