import Wording

/// Parses one instruction from its text.
struct InstructionParser {
    static let names = [
        "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER",
        "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
    ]
    private static let thoseWithHeredocs: Set<String> = ["ADD", "COPY", "RUN", "ONBUILD"]

    let place: SourcePlace
    let escape: Unicode.Scalar
    let name: String
    let flags: InstructionFlags
    /// The text after the name and the flags.
    let arguments: String
    /// The text after the name.
    private let rest: String
    var heredocs: [Heredoc] = []
    var warnings: [String] = []

    init(_ text: String, at place: SourcePlace, escape: Unicode.Scalar) throws {
        self.place = place
        self.escape = escape
        let text = text.trimmed
        let word = String(String.UnicodeScalarView(text.unicodeScalars.prefix { !$0.isSpace }))
        name = word.uppercased()
        guard Self.names.contains(name) else {
            let nearest = EditDistance.nearest(to: name, among: Self.names)
            let advice = nearest.map { "; did you mean '\($0)'?" } ?? ""
            throw place.error("unknown instruction '\(word)'\(advice)")
        }
        rest = String(text.unicodeScalars.dropFirst(word.unicodeScalars.count)).trimmed
        flags = InstructionFlags(rest, at: place)
        arguments = flags.arguments
    }

    /// The heredocs that the line announces; a RUN in exec form has none.
    var announcedHeredocs: [Heredoc] {
        guard Self.thoseWithHeredocs.contains(name) else { return [] }
        if name == "RUN", let list = try? WordSplitting.json(arguments), !list.isEmpty { return [] }
        return Heredoc.announced(in: rest)
    }

    /// Parses the arguments into an instruction; throws for invalid flags or arguments.
    mutating func parse() throws -> Instruction {
        let action = try action()
        return Instruction(place: place, name: name, text: "\(name) \(rest)", action: action)
    }

    private mutating func action() throws -> Instruction.Action {
        guard !arguments.isEmpty || name == "ENTRYPOINT" || name == "CMD" else {
            throw place.error("\(name) needs an argument")
        }
        switch name {
        case "ADD": return .add(try fileTransfer())
        case "COPY": return .copy(try fileTransfer())
        case "RUN": return .run(try runStep())
        case "FROM": return .from(try baseReference())
        case "HEALTHCHECK": return .healthCheck(try healthCheck())
        default:
            try flags.require([])
            return try setting()
        }
    }

    private mutating func setting() throws -> Instruction.Action {
        switch name {
        case "ARG": return .argument(try arguments(allowingBareNames: true))
        case "ENV": return .environment(try assignments())
        case "LABEL": return .label(try assignments())
        case "WORKDIR": return .workdir(arguments)
        case "USER": return .user(arguments)
        case "EXPOSE": return .expose(arguments)
        case "VOLUME":
            let paths = try list() ?? arguments.fields
            guard !paths.isEmpty, paths.allSatisfy({ !$0.trimmed.isEmpty }) else {
                throw place.error("VOLUME names no folder")
            }
            return .volume(paths)
        case "ENTRYPOINT": return .entrypoint(try commandLine())
        case "CMD": return .command(try commandLine())
        case "SHELL":
            guard let words = try list(), !words.isEmpty else {
                throw place.error(#"SHELL takes a JSON array, as in ["/bin/bash", "-c"]"#)
            }
            return .shell(words)
        case "STOPSIGNAL":
            guard arguments.fields.count == 1 else { throw place.error("STOPSIGNAL takes one argument") }
            return .stopSignal(arguments)
        case "ONBUILD": return .onBuild(try trigger())
        default: return .maintainer(arguments)
        }
    }

    /// Returns the elements if the arguments are a JSON array of strings, else nil.
    mutating func list() throws -> [String]? {
        do throws(WordSplitting.NotStrings) {
            if let words = try WordSplitting.json(arguments) { return words }
        } catch { throw place.error("a JSON array of \(name) holds something that is no string") }
        return nil
    }

    /// Parses a JSON array as exec form, and any other text as shell form.
    mutating func commandLine() throws -> Instruction.CommandLine {
        if let words = try list() { return .exec(words) }
        if arguments.hasPrefix("["), arguments.hasSuffix("]"), arguments.contains(where: { "\"'".contains($0) }) {
            warnings.append(
                "\(place): \(name) looks like a list of arguments, but is no JSON array; a shell gets it as it is")
        }
        return .shell(arguments)
    }

    private mutating func trigger() throws -> String {
        var inner = try InstructionParser(arguments, at: place, escape: escape)
        guard !["ONBUILD", "FROM", "MAINTAINER"].contains(inner.name) else {
            throw place.error("ONBUILD cannot hold \(inner.name)")
        }
        inner.heredocs = heredocs
        _ = try inner.parse()
        warnings += inner.warnings
        // A build on this image parses the trigger again, so the text must contain its heredocs.
        return heredocs.reduce(arguments) { text, heredoc in "\(text)\n\(heredoc.raw)\(heredoc.name)" }
    }
}
