import ByteText

/// Parsing of ENV, LABEL and ARG.
extension InstructionParser {
    /// Parses `name=value` words, or the old form: one name, with the rest of the line as its value.
    func assignments() throws -> [Instruction.Assignment] {
        let words = WordSplitting.quoted(arguments, escape: escape)
        guard let first = words.first, !first.contains(byte: "=") else { return try pairs(words) }
        let name = String(String.UnicodeScalarView(arguments.unicodeScalars.prefix { !$0.isSpace }))
        let value = String(arguments.unicodeScalars.dropFirst(name.unicodeScalars.count)).trimmed
        guard !value.isEmpty else { throw place.error("\(self.name) needs a name and a value, as in NAME=value") }
        return [Instruction.Assignment(name: name, value: value)]
    }

    /// Parses the arguments of ARG: names, with or without a value.
    func arguments(allowingBareNames: Bool) throws -> [Instruction.Assignment] {
        var assignments: [Instruction.Assignment] = []
        for word in WordSplitting.quoted(arguments, escape: escape) {
            if word.contains(byte: "=") {
                assignments += try pairs([word])
            } else {
                assignments.append(Instruction.Assignment(name: word, value: nil))
            }
        }
        return assignments
    }

    private func pairs(_ words: [String]) throws -> [Instruction.Assignment] {
        var assignments: [Instruction.Assignment] = []
        for word in words {
            let parts = word.split(byte: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else {
                throw place.error("'\(word)' has no '='; a value with spaces needs quotes, as in NAME=\"a b\"")
            }
            guard !parts[0].isEmpty else { throw place.error("'\(word)' has no name before '='") }
            assignments.append(Instruction.Assignment(name: parts[0], value: parts[1]))
        }
        return assignments
    }
}
