private import POSIX
import SystemPackage
private import Yams
import Wording

extension YAMLValue {
    /// Reads a file with one document.
    init(reading file: FilePath) throws {
        let bytes: [UInt8]
        do throws(POSIXError) { bytes = try FileSystem.read(file, limit: 1 << 20) } catch {
            throw Failure(reading: file.string, error.errno.description)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure(reading: file.string, "it is not UTF-8")
        }
        try self.init(parsing: text, file: file.string)
    }

    /// Parses a text with one document; errors name `file`.
    init(parsing text: String, file: String) throws {
        guard YAMLAliases.areBounded(in: text) else { throw Failure(reading: file, Self.tooBig) }
        let root: Node?
        // Nobody asks what type a scalar might have, so nothing has to find it out.
        do { root = try Parser(yaml: text, resolver: .basic).singleRoot() } catch let error as YamlError {
            throw Self.wrap(error, text: text, file: file)
        } catch { throw Failure(reading: file, "\(error)") }
        guard let root else { throw Failure(reading: file, "it is empty") }
        var budget = 100_000
        self = try Self.convert(root, way: .root, file: file, budget: &budget)
    }

    private static let tooBig = "its aliases make it too big"

    /// Parses what an option of the command line gives: a list in brackets, or a text as it is.
    init(option: String, text: String, path: String) throws {
        self.init(content: .scalar(text, isPlain: true), place: option, way: .text(path))
        guard text.hasPrefix("[") else { return }
        let parsed = try YAMLValue(parsing: text, file: option)
        var elements: [YAMLValue] = []
        for (index, element) in try parsed.elements().enumerated() {
            let text = try element.text()
            elements.append(
                YAMLValue(
                    content: .scalar(text, isPlain: true), place: option, way: .element(index, in: .text(path))))
        }
        content = .sequence(elements)
    }

    /// Converts a parsed node.
    ///
    /// Aliases are expanded, so a small file can yield a huge tree: `budget` limits the number of nodes.
    private static func convert(_ node: Node, way: YAMLPath, file: String, budget: inout Int) throws -> YAMLValue {
        let place = node.mark.map { "\(file):\($0.line)" } ?? file
        budget -= 1
        guard budget > 0 else { throw Failure(reading: place, tooBig) }
        var content = Content.empty
        switch node {
        case .scalar(let scalar):
            let isPlain = scalar.style == .plain || scalar.style == .any
            if !(isPlain && scalar.string.isEmpty) { content = .scalar(scalar.string, isPlain: isPlain) }
        case .sequence(let nodes):
            var elements: [YAMLValue] = []
            for (index, node) in nodes.enumerated() {
                elements.append(try convert(node, way: .element(index, in: way), file: file, budget: &budget))
            }
            content = .sequence(elements)
        case .mapping(let pairs):
            var entries: [Entry] = []
            var names: Set<String> = []
            for (key, value) in pairs {
                let keyPlace = key.mark.map { "\(file):\($0.line)" } ?? place
                guard let name = key.scalar?.string else { throw Failure(reading: keyPlace, "a key is not a text") }
                guard names.insert(name).inserted else {
                    throw Failure(reading: keyPlace, "the key '\(name)' is there twice")
                }
                let inner = YAMLPath.key(name, in: way)
                var converted = try convert(value, way: inner, file: file, budget: &budget)
                // An alias carries the place of its anchor; the place of its use is what has to be mended.
                if converted.content == .empty || value.anchor != nil {
                    converted = YAMLValue(content: converted.content, place: keyPlace, way: inner)
                }
                entries.append(Entry(key: name, place: keyPlace, value: converted))
            }
            content = .mapping(entries)
        case .alias: throw Failure(reading: place, "an alias has no anchor")
        }
        return YAMLValue(content: content, place: place, way: way)
    }

    private static func wrap(_ error: YamlError, text: String, file: String) -> Failure {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            let line = lines.indices.contains(mark.line - 1) ? lines[mark.line - 1] : ""
            let hint =
                line.contains("${") && line.contains(where: { "{[".contains($0) })
                ? "; in flow style a value with '${' must be quoted" : ""
            return Failure("read \(file):\(mark.line)", "invalid YAML: \(problem)\(hint)")
        case .duplicatedKeysInMapping(let keys, let context):
            return Failure(
                reading: "\(file):\(context.mark.line)", "the key '\(keys.joined(separator: "', '"))' is there twice")
        case .reader(let problem, _, _, _): return Failure(reading: file, "invalid YAML: \(problem)")
        default: return Failure(reading: file, "invalid YAML")
        }
    }
}
