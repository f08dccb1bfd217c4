import Synchronization

/// Reports the total number of file bytes that several layers have read.
package final class FileProgress: Sendable {
    private let step: String
    private let report: @Sendable (BuildEvent) -> Void
    private let done = Atomic<Int64>(0)

    package init(_ step: String, _ report: @escaping @Sendable (BuildEvent) -> Void) {
        self.step = step
        self.report = report
    }

    @Sendable package func advance(_ count: Int64) {
        report(.progress(step: step, bytes: done.wrappingAdd(count, ordering: .relaxed).newValue))
    }
}
