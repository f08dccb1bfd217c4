/// What a probe of a store has found, step by step.
package struct ProbeReport: Sendable {
    package enum Result: String, Sendable {
        case good = "ok"
        case warning = "WARNING"
        case failed = "FAILED"
    }

    package struct Step: Sendable, Hashable {
        package let name: String
        package let result: Result
        package let detail: String
    }

    package private(set) var steps: [Step] = []

    package init() {}

    /// Appends a step.
    package mutating func add(_ name: String, _ result: Result, _ detail: String) {
        steps.append(Step(name: name, result: result, detail: detail))
    }

    /// True where no step has failed.
    package var isGood: Bool { !steps.contains { $0.result == .failed } }
}
