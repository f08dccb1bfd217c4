import ByteText
import Wording

/// The `--name=value` flags between an instruction's name and its arguments.
struct InstructionFlags {
    private let place: SourcePlace
    private var flags: [(name: String, value: String?)] = []
    /// The text after the flags.
    let arguments: String

    /// Splits the text after an instruction's name into flags and arguments.
    init(_ text: String, at place: SourcePlace) {
        self.place = place
        var reader = ScalarReader(text)
        while true {
            while reader.peek?.isSpace == true { _ = reader.next() }
            guard reader.isAt("-", "-") else { break }
            let word = Self.word(&reader)
            // `--` alone ends the flags.
            if word == "--" { break }
            let parts = Substring(word.utf8.dropFirst(2)).split(
                byte: "=", maxSplits: 1, omittingEmptySubsequences: false)
            flags.append((String(parts.first ?? ""), parts.count == 2 ? String(parts[1]) : nil))
        }
        arguments = reader.rest.trimmed
    }

    /// Reads a word, and removes its quotes and escapes.
    ///
    /// The escape character of a flag is always the backslash, as in docker.
    private static func word(_ reader: inout ScalarReader) -> String {
        var word: [Unicode.Scalar] = []
        var quote: Unicode.Scalar?
        while let scalar = reader.peek {
            if scalar.isSpace && quote == nil { break }
            _ = reader.next()
            if scalar == quote {
                quote = nil
            } else if quote == nil && (scalar == "'" || scalar == "\"") {
                quote = scalar
            } else if scalar == "\\" {
                if let next = reader.next() { word.append(next) }
            } else {
                word.append(scalar)
            }
        }
        return String(word[...])
    }

    /// Throws for an unknown flag, and for a repeated flag that is not in `repeatable`.
    func require(_ known: [String], repeatable: Set<String> = []) throws {
        var seen: Set<String> = []
        for flag in flags {
            guard known.contains(flag.name) else {
                let nearest = EditDistance.nearest(to: flag.name, among: known)
                let advice =
                    nearest.map { "; did you mean '--\($0)'?" }
                    ?? (known.isEmpty ? "; it takes none" : "; known are --\(known.joined(separator: ", --"))")
                throw place.error("unknown flag '--\(flag.name)'\(advice)")
            }
            guard seen.insert(flag.name).inserted || repeatable.contains(flag.name) else {
                throw place.error("the flag '--\(flag.name)' is there twice")
            }
        }
    }

    /// Returns all values of a flag that may be repeated.
    func all(_ name: String) throws -> [String] {
        var values: [String] = []
        for flag in flags where flag.name == name {
            guard let value = flag.value, !value.isEmpty else { throw place.error("'--\(name)' needs a value") }
            values.append(value)
        }
        return values
    }

    /// Returns the value of a flag, or nil if the flag is absent.
    func text(_ name: String) throws -> String? { try all(name).first }

    /// Returns the value of a Boolean flag, which is true without a value, or nil if the flag is absent.
    func isSet(_ name: String) throws -> Bool? {
        guard let flag = flags.first(where: { $0.name == name }) else { return nil }
        switch flag.value?.lowercased() {
        case nil, "true": return true
        case "false": return false
        case let value?: throw place.error("'--\(name)' is true or false, not '\(value)'")
        }
    }
}
