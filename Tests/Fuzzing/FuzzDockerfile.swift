import POSIX
import SystemPackage

@testable import Dockerfile

/// Dockerfiles, as far as they can be read without building.
extension FuzzedParser {
    static let dockerfile = FuzzedParser(
        name: "dockerfile",
        seeds: {
            let folder = "Tests/IntegrationTests/Dockerfiles"
            let names = ((try? FileSystem.names(in: FilePath(folder))) ?? []).map(\.string)
            return names.sorted().compactMap { try? FileSystem.read(FilePath("\(folder)/\($0)")) }
                + [Array(variables.utf8)]
        },
        words: InstructionParser.names.map { "\n\($0) " } + [
            "\n", " \\\n", "`\n", "# escape=`\n", "# syntax=", "<<EOF\n", "<<-'EOF'\n", "\nEOF\n", "${", "${a:-",
            "${a:+",
            "${a:?", "${a#", "${a##", "${a%", "${a%%", "${a/", "${a//", "}", "$a", "\"", "'", "[\"", "\"]", " AS ",
            "--from=", "--mount=type=", "cache", "bind", "secret", ",target=", "--chmod=", "--chown=", "--platform=",
            "--network=none", "--interval=", "1h2m3.5s", "*", "?", "\u{FEFF}", "\u{A0}", "\r\n",
        ]
    ) { bytes in
        guard let text = String(validating: bytes, as: UTF8.self),
            let file = try? ParsedDockerfile(parsing: text, file: "Dockerfile")
        else { return }
        let lines = 1 + bytes.count { $0 == UInt8(ascii: "\n") }
        let all = file.globalArguments + file.stages.flatMap(\.instructions)
        let places = all.map(\.place) + file.stages.map(\.place)
        expect(places.allSatisfy { (1...lines).contains($0.line) }, "an instruction is in none of the \(lines) lines")
        let given = ["a": "b c", "TARGETPLATFORM": "linux/amd64"]
        guard let arguments = try? GlobalArguments(of: file, automatic: [:], given: given) else { return }
        for stage in file.stages { expand(stage, file, arguments) }
        for target in [nil, "0", "build"] {
            guard let graph = try? StageGraph(of: file, target: target, arguments: arguments) else { continue }
            expect(graph.needed.last == graph.target, "a stage does not need itself")
            expect(graph.needed.allSatisfy(file.stages.indices.contains), "a stage needs one that is not there")
        }
    }

    /// Follows the variables through a stage, and replaces them wherever a build does.
    private static func expand(_ stage: ParsedDockerfile.Stage, _ file: ParsedDockerfile, _ arguments: GlobalArguments)
    {
        var variables: [String: String] = [:]
        var budget = SettingsBudget()
        func set(_ name: String, _ value: String, at place: SourcePlace) {
            if (try? budget.take(value, at: place)) != nil { variables[name] = value }
        }
        for instruction in stage.instructions {
            let known = variables
            let expansion = Expansion(escape: file.directives.escape) { known[$0] }
            func word(_ text: String) -> String? { try? expansion.word(text, at: instruction.place) }
            switch instruction.action {
            case .environment(let list):
                for one in list {
                    guard let name = word(one.name), let value = word(one.value ?? "") else { continue }
                    set(name, value, at: instruction.place)
                }
            case .argument(let list):
                for one in list {
                    guard let name = word(one.name) else { continue }
                    let value = arguments.value(of: name, written: one.value.flatMap(word))
                    if let value { set(name, value, at: instruction.place) }
                }
            case .label(let list): for one in list { _ = (word(one.name), word(one.value ?? "")) }
            case .copy(let transfer), .add(let transfer): expand(transfer, expansion, instruction.place)
            case .run(let step):
                for mount in step.mounts {
                    _ = try? mount.expanded(at: instruction.place) { (text) in
                        try expansion.word(text, at: instruction.place)
                    }
                }
            case .expose(let ports): _ = try? expansion.words(ports, at: instruction.place)
            case .workdir(let text), .user(let text), .stopSignal(let text): _ = word(text)
            case .volume(let paths): for path in paths { _ = word(path) }
            case .onBuild(let text): _ = try? ParsedDockerfile.trigger(text, of: "base")
            default: break
            }
        }
    }

    private static func expand(_ transfer: FileTransfer, _ expansion: Expansion, _ place: SourcePlace) {
        for source in transfer.sources {
            switch source {
            case .path(let path): _ = try? expansion.word(path, at: place)
            case .heredoc(let heredoc): _ = try? expansion.content(heredoc.content, at: place)
            }
        }
        for text in [transfer.destination, transfer.owner, transfer.mode, transfer.checksum] + transfer.excluded {
            _ = text.flatMap { try? expansion.word($0, at: place) }
        }
    }

    private static let variables = """
        # escape=`
        ARG a=1 b
        FROM ${a:-x} AS build
        ARG b="${a#*/}" c=${a%%.*} d=${a//x/y}
        ENV e="$a ${b:+c}" f='$g' h=${i:?j}
        HEALTHCHECK --interval=1m30s --retries=3 CMD ["a", "b"]
        RUN --mount=type=cache,target=/x,id=$a --network=none <<EOF
        echo $a
        EOF
        COPY --from=build --chown=1:2 --exclude=*.c <<-"A" <<B c /d/
        `tx
        A
        y $e
        B
        ONBUILD RUN true
        """
}
