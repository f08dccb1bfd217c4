private import POSIX
import SystemPackage
private import Yams

extension YAMLValue {
    /// Reads a file of one document.
    init(reading file: FilePath) throws(DefinitionError) {
        let bytes: [UInt8]
        do throws(POSIXError) { bytes = try FileSystem.read(file, limit: 1 << 20) } catch {
            throw DefinitionError(file.string, error.errno.description)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw DefinitionError(file.string, "it is not UTF-8")
        }
        try self.init(parsing: text, file: file.string)
    }

    /// Parses a text of one document; `file` is what errors call it.
    init(parsing text: String, file: String) throws(DefinitionError) {
        let root: Node?
        do { root = try Parser(yaml: text).singleRoot() } catch let error as YamlError {
            throw Self.wrap(error, text: text, file: file)
        } catch { throw DefinitionError(file, "\(error)") }
        guard let root else { throw DefinitionError(file, "it is empty") }
        var budget = 100_000
        self = try Self.convert(root, path: "", file: file, budget: &budget)
    }

    /// Parses what an option of the command line gives: a list in brackets, or a text as it is.
    init(option: String, text: String, path: String) throws(DefinitionError) {
        self.init(content: .scalar(text, isPlain: true), place: option, path: path)
        guard text.hasPrefix("[") else { return }
        let parsed = try YAMLValue(parsing: text, file: option)
        var elements: [YAMLValue] = []
        for (index, element) in try parsed.elements().enumerated() {
            let text = try element.text()
            elements.append(
                YAMLValue(content: .scalar(text, isPlain: true), place: option, path: "\(path)[\(index)]"))
        }
        content = .sequence(elements)
    }

    /// Aliases are expanded, so that a small file can be a huge tree: `budget` bounds it.
    private static func convert(
        _ node: Node, path: String, file: String, budget: inout Int
    ) throws(DefinitionError) -> YAMLValue {
        let place = node.mark.map { "\(file):\($0.line)" } ?? file
        budget -= 1
        guard budget > 0 else { throw DefinitionError(place, "its aliases make it too big") }
        var content = Content.empty
        switch node {
        case .scalar(let scalar):
            let isPlain = scalar.style == .plain || scalar.style == .any
            if !(isPlain && scalar.string.isEmpty) { content = .scalar(scalar.string, isPlain: isPlain) }
        case .sequence(let nodes):
            var elements: [YAMLValue] = []
            for (index, node) in nodes.enumerated() {
                elements.append(try convert(node, path: "\(path)[\(index)]", file: file, budget: &budget))
            }
            content = .sequence(elements)
        case .mapping(let pairs):
            var entries: [Entry] = []
            for (key, value) in pairs {
                let keyPlace = key.mark.map { "\(file):\($0.line)" } ?? place
                guard let name = key.scalar?.string else { throw DefinitionError(keyPlace, "a key is not a text") }
                guard !entries.contains(where: { $0.key == name }) else {
                    throw DefinitionError(keyPlace, "the key '\(name)' is there twice")
                }
                let inner = path.isEmpty ? name : "\(path).\(name)"
                var converted = try convert(value, path: inner, file: file, budget: &budget)
                // An alias carries the place of its anchor; the place of its use is what has to be mended.
                if converted.content == .empty || value.anchor != nil {
                    converted = YAMLValue(content: converted.content, place: keyPlace, path: inner)
                }
                entries.append(Entry(key: name, place: keyPlace, value: converted))
            }
            content = .mapping(entries)
        case .alias: throw DefinitionError(place, "an alias has no anchor")
        }
        return YAMLValue(content: content, place: place, path: path)
    }

    private static func wrap(_ error: YamlError, text: String, file: String) -> DefinitionError {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            let line = lines.indices.contains(mark.line - 1) ? lines[mark.line - 1] : ""
            let hint =
                line.contains("${") && line.contains(where: { "{[".contains($0) })
                ? "; in flow style a value with '${' must be quoted" : ""
            return DefinitionError("\(file):\(mark.line)", "invalid YAML: \(problem)\(hint)")
        case .duplicatedKeysInMapping(let keys, let context):
            return DefinitionError(
                "\(file):\(context.mark.line)", "the key '\(keys.joined(separator: "', '"))' is there twice")
        case .reader(let problem, _, _, _): return DefinitionError(file, "invalid YAML: \(problem)")
        default: return DefinitionError(file, "invalid YAML")
        }
    }
}
