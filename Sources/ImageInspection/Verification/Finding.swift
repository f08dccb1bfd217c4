/// One thing that is wrong with an image.
package struct Finding: Sendable, Hashable, CustomStringConvertible {
    /// How bad it is.
    package enum Severity: String, Sendable {
        /// Against a specification, or refused by programs that run images.
        case problem
        /// Allowed, but seldom meant.
        case warning
    }

    /// How bad it is.
    package let severity: Severity
    /// What it is about, as in `layer sha256:…`, and what is wrong.
    package let text: String

    /// `problem: layer sha256:…: …`.
    package var description: String { "\(severity.rawValue): \(text)" }
}

/// What was found, in the order in which it was met.
struct Findings {
    private(set) var all: [Finding] = []
    /// A layer may have a million bad names; the first few say what is the matter.
    private static let mostOfOneKind = 10
    private var counts: [String: Int] = [:]

    var hasProblems: Bool { all.contains { $0.severity == .problem } }

    mutating func problem(_ thing: String, _ reason: String) {
        all.append(Finding(severity: .problem, text: "\(thing): \(reason)"))
    }

    mutating func warning(_ thing: String, _ reason: String) {
        all.append(Finding(severity: .warning, text: "\(thing): \(reason)"))
    }

    /// About one of many names of a thing.
    mutating func entry(_ severity: Finding.Severity, _ thing: String, _ path: [UInt8], _ reason: String) {
        let key = "\(thing) \(severity) \(reason)"
        counts[key, default: 0] += 1
        guard counts[key, default: 0] <= Self.mostOfOneKind else { return }
        all.append(Finding(severity: severity, text: "\(thing): \(QuotedName(path)): \(reason)"))
    }

    /// Says how many more there were of what was cut short.
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
