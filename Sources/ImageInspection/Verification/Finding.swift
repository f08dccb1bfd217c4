import Wording

/// A defect of an image.
package struct Finding: Sendable, Hashable, CustomStringConvertible {
    package enum Severity: String, Sendable {
        /// A violation of a specification, or something that runtimes refuse.
        case problem
        /// Allowed, but rarely intended.
        case warning
    }

    package let severity: Severity
    /// The subject and the defect, such as `layer sha256:…: it is missing`.
    package let text: String

    /// The line to print: `problem: layer sha256:…: …`.
    package var description: String { "\(severity.rawValue): \(text)" }
}

/// The findings in the order of their discovery.
struct Findings {
    private(set) var all: [Finding] = []
    /// The limit for findings of one kind: a layer may have a million bad names, and a few suffice to show the defect.
    private static let mostOfOneKind = 10
    private var counts: [String: Int] = [:]

    var hasProblems: Bool { all.contains { $0.severity == .problem } }

    mutating func problem(_ thing: String, _ reason: String) {
        all.append(Finding(severity: .problem, text: "\(thing): \(reason)"))
    }

    mutating func warning(_ thing: String, _ reason: String) {
        all.append(Finding(severity: .warning, text: "\(thing): \(reason)"))
    }

    /// Adds a finding about one of many names.
    mutating func entry(_ severity: Finding.Severity, _ thing: String, _ path: [UInt8], _ reason: String) {
        let key = "\(thing) \(severity) \(reason)"
        counts[key, default: 0] += 1
        guard counts[key, default: 0] <= Self.mostOfOneKind else { return }
        all.append(Finding(severity: severity, text: "\(thing): \(QuotedName(path)): \(reason)"))
    }

    /// Adds a count of the findings beyond the limit.
    mutating func finish() {
        for (key, count) in counts.sorted(by: { $0.key < $1.key }) where count > Self.mostOfOneKind {
            let parts = key.split(separator: " ", maxSplits: 3).map(String.init)
            let more = "and \(count - Self.mostOfOneKind) more: \(parts[3])"
            all.append(
                Finding(
                    severity: Finding.Severity(rawValue: parts[2]) ?? .problem, text: "\(parts[0]) \(parts[1]): \(more)"
                ))
        }
        counts = [:]
    }
}
