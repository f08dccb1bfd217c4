import Wording

/// A parsed Dockerfile: its stages, in order.
///
/// Source: <https://docs.docker.com/reference/dockerfile/>.
package struct ParsedDockerfile: Sendable, Hashable {
    /// A stage: a FROM, and the instructions up to the next one.
    package struct Stage: Sendable, Hashable {
        /// The number of the stage, counted from 0.
        package let index: Int
        /// The arguments of its FROM.
        package let base: BaseReference
        /// The line of its FROM.
        package let place: SourcePlace
        /// The instructions after FROM.
        package internal(set) var instructions: [Instruction] = []

        /// The name that `AS` gives, or else the number.
        package var name: String { base.stage ?? "\(index)" }
    }

    /// The directives in the first lines of the file.
    package let directives: ParserDirectives
    /// The ARG instructions before the first FROM.
    package private(set) var globalArguments: [Instruction] = []
    package private(set) var stages: [Stage] = []
    /// Warnings about what is valid but probably a mistake.
    package private(set) var warnings: [String] = []

    /// Parses the text of a Dockerfile; error messages call it `file`.
    package init(parsing text: String, file: String) throws {
        var lines = try SourceLines(text, file: file)
        directives = lines.directives
        while let parsed = try Self.next(&lines) {
            warnings += parsed.warnings
            try append(parsed.instruction)
        }
        guard !stages.isEmpty else { throw Failure(reading: file, "it has no FROM") }
    }

    /// Parses a single instruction, such as an ONBUILD trigger of an image.
    package static func trigger(_ text: String, of image: String) throws -> Instruction {
        var lines = try SourceLines(text, file: "the ONBUILD trigger of \(image)")
        guard let parsed = try next(&lines) else {
            throw Failure("read the ONBUILD trigger of \(image)", "it is empty")
        }
        guard !["ONBUILD", "FROM", "MAINTAINER"].contains(parsed.instruction.name) else {
            throw parsed.instruction.place.error("it cannot be \(parsed.instruction.name)")
        }
        return parsed.instruction
    }

    private static func next(_ lines: inout SourceLines) throws -> (instruction: Instruction, warnings: [String])? {
        guard let line = lines.next() else { return nil }
        let place = SourcePlace(file: lines.file, line: line.number)
        var parser = try InstructionParser(line.text, at: place, escape: lines.directives.escape)
        for var heredoc in parser.announcedHeredocs {
            heredoc.raw = try lines.content(of: heredoc, startedAt: place)
            parser.heredocs.append(heredoc)
        }
        return (try parser.parse(), parser.warnings)
    }

    private mutating func append(_ instruction: Instruction) throws {
        switch instruction.action {
        case .from(let base):
            if let name = base.stage, let other = stages.last(where: { $0.base.stage == name }) {
                warnings.append(
                    "\(instruction.place): line \(other.place.line) has a stage '\(name)' already; FROM means the last one "
                        + "before it, and --from the last one of all")
            }
            stages.append(Stage(index: stages.count, base: base, place: instruction.place))
        case .argument where stages.isEmpty: globalArguments.append(instruction)
        default:
            guard !stages.isEmpty else {
                throw instruction.place.error("\(instruction.name) comes before FROM; only ARG may")
            }
            stages[stages.count - 1].instructions.append(instruction)
        }
    }
}
