import ByteText
import Wording

/// A text that contains `${NAME}` and `${NAME:-default}`; `$${` stands for a literal `${`.
///
/// As in a shell, a default applies if the variable is unset or empty. Results are not expanded again.
package struct Template: Sendable, Hashable {
    /// A variable in a template.
    package struct Variable: Sendable, Hashable {
        package let name: String
        /// The default, nil if the variable must be set.
        package let fallback: String?
    }

    private enum Part: Sendable, Hashable {
        case literal(String)
        case variable(Variable)
    }

    private let parts: [Part]

    /// The variables in order of appearance.
    package var variables: [Variable] {
        parts.compactMap { if case .variable(let variable) = $0 { variable } else { nil } }
    }

    /// Parses a text; throws if a `${` is not closed or a name is invalid.
    package init(_ text: String) throws {
        var parts: [Part] = []
        var literal = ""
        var rest = Substring(text)
        while let dollar = rest.firstIndex(byte: "$") {
            literal += rest[..<dollar]
            rest = rest[dollar...]
            if rest.hasPrefix(bytes: "$${") {
                literal += "${"
                rest = Substring(rest.utf8.dropFirst(3))
            } else if rest.hasPrefix(bytes: "${") {
                guard let close = rest.firstIndex(byte: "}") else {
                    throw Failure("expand '\(text)'", "a '${' has no '}'")
                }
                let inside = rest[rest.utf8.index(rest.startIndex, offsetBy: 2)..<close]
                if !literal.isEmpty { parts.append(.literal(literal)) }
                literal = ""
                parts.append(.variable(try Self.variable(inside, in: text)))
                rest = rest[rest.utf8.index(after: close)...]
            } else {
                literal += "$"
                rest = Substring(rest.utf8.dropFirst())
            }
        }
        literal += rest
        if !literal.isEmpty { parts.append(.literal(literal)) }
        self.parts = parts
    }

    private static func variable(_ inside: Substring, in text: String) throws -> Variable {
        let marker = inside.firstRange(bytes: ":-")
        let name = marker.map { inside[..<$0.lowerBound] } ?? inside
        let isName =
            !name.isEmpty && name.utf8.allSatisfy { nameBytes.contains($0) }
            && !digitBytes.contains(name.utf8[name.startIndex])
        guard isName else { throw Failure("expand '\(text)'", "'\(name)' is not a variable's name") }
        return Variable(name: String(name), fallback: marker.map { String(inside[$0.upperBound...]) })
    }

    private static let digitBytes = Array("0123456789".utf8)
    private static let nameBytes = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_".utf8)

    /// Returns the text with every variable replaced by its `value`; throws if one is unset and has no default.
    package func expanded(_ value: (String) -> String?) throws -> String {
        var text = ""
        for part in parts {
            switch part {
            case .literal(let literal): text += literal
            case .variable(let variable):
                let set = value(variable.name)
                if let set, !(set.isEmpty && variable.fallback != nil) {
                    text += set
                } else if let fallback = variable.fallback {
                    text += fallback
                } else {
                    throw Failure("expand '${\(variable.name)}'", "\(variable.name) is not set")
                }
            }
        }
        return text
    }
}
