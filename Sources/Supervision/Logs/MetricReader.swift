package import RunContract
import Synchronization

/// Reads metric values from lines by the program's rules; each named group is a metric.
package final class MetricReader: Sendable {
    private struct Rule {
        let line: String
        let match: Regex<AnyRegexOutput>
        let names: [String]
    }

    private let rules: Mutex<[Rule]>

    /// Compiles a program's rules; throws if a regular expression is invalid.
    package init(_ rules: [Program.MetricRule]) throws(SupervisionError) {
        var read: [Rule] = []
        for rule in rules {
            guard let match = try? Regex(rule.match) else {
                throw SupervisionError(.configuration, "use the metric '\(rule.match)'", "it is no regular expression")
            }
            read.append(Rule(line: rule.line, match: match, names: Self.groupNames(rule.match)))
        }
        self.rules = Mutex(read)
    }

    /// Returns all metric values in a line.
    package func values(in line: String) -> [String: String] {
        rules.withLock { rules in
            var values: [String: String] = [:]
            for rule in rules where line.contains(rule.line) {
                guard let match = try? rule.match.firstMatch(in: line) else { continue }
                for name in rule.names {
                    if let text = match[name]?.substring { values[name] = String(text) }
                }
            }
            return values
        }
    }

    /// Returns the names in `(?<name>…)`.
    private static func groupNames(_ expression: String) -> [String] {
        expression.matches(of: #/\(\?P?<([A-Za-z_][A-Za-z0-9_]*)>/#).map { String($0.1) }
    }
}
