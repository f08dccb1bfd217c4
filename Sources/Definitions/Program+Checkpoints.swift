import ByteText
import RunContract

extension Program.CheckpointRule {
    private static let keys = [
        "kind", "root", "step", "folder", "complete", "include", "exclude", "ranks", "settle", "every", "keep",
    ]

    init(_ value: YAMLValue, scope: TemplateScope) throws {
        let own = try YAMLFields(value, known: Self.keys)
        let kind = try own.read("kind", Self.kind)
        func field(_ key: String) -> YAMLValue? { own[key] ?? kind?[key] }
        func required(_ key: String) throws -> YAMLValue { try field(key) ?? own.required(key) }
        // A step that is told otherwise than the kind's replaces that.
        let steps = own["step"] != nil || own["folder"] != nil ? own : kind ?? own
        let step = try Self.step(steps, scope)
        self.init(
            root: try scope.relativePath(try own.required("root")), step: step,
            complete: try Self.complete(try required("complete"), step, scope))
        include = try Self.paths(field("include"), scope)
        exclude = try Self.paths(field("exclude"), scope)
        if let field = field("ranks") { ranks = try scope.whole(field) }
        if let field = field("settle") { settle = try field.duration() }
        if let field = field("every") { every = try field.whole(atLeast: 1) }
        if let field = field("keep") {
            let keep = try YAMLFields(field, known: ["local", "remote"])
            keepLocal = try keep["local"]?.whole(atLeast: 1)
            keepRemote = try keep["remote"]?.whole(atLeast: 1)
        }
    }

    private static func kind(_ field: YAMLValue) throws -> YAMLFields {
        let name = try field.text()
        guard let lines = CheckpointKind.lines[name] else {
            throw field.error(
                "'\(field.path)' is '\(name)', and no kind of checkpoint"
                    + YAMLFields.suggestion(for: name, among: CheckpointKind.all))
        }
        let value = try YAMLValue(parsing: lines, file: "kind \(name)")
        return try YAMLFields(value, known: Self.keys)
    }

    private static func step(_ fields: YAMLFields, _ scope: TemplateScope) throws -> Step {
        if let folder = fields["folder"] {
            if let step = fields["step"] {
                throw step.error("'\(step.path)' and '\(folder.path)' exclude each other: the folder tells the step")
            }
            return .folder(try name(folder, scope))
        }
        guard let field = fields["step"] else {
            throw fields.value.error("\(fields.value.path) has none of 'kind', 'folder' and 'step'")
        }
        let text = try field.text()
        guard let expression = RegularExpression(text) else {
            throw field.error("'\(field.path)' is no regular expression that Swift's Regex understands")
        }
        guard expression.groups >= 1 else {
            throw field.error("'\(field.path)' has no group for the step; write one, as in 'model_(\\d+)\\.pt'")
        }
        return .file(text)
    }

    private static func name(_ field: YAMLValue, _ scope: TemplateScope) throws -> String {
        let name = try path(field, scope)
        let names = name.split(byte: "/")
        let isRight =
            names.last?.contains("{step}") == true && !names.dropLast().contains { $0.contains("{step}") }
            && !name.contains { "*?".contains($0) } && !name.contains("{rank}")
        guard isRight else {
            throw field.mismatch("a folder's path with {step} in its last name, as in checkpoint-{step}")
        }
        return name
    }

    private static func complete(_ field: YAMLValue, _ step: Step, _ scope: TemplateScope) throws -> [Requirement] {
        var complete: [Requirement] = []
        for element in try field.elements("a list of files") {
            guard case .mapping = element.content else {
                complete.append(Requirement(try path(element, scope)))
                continue
            }
            let fields = try YAMLFields(element, known: ["files", "count"])
            var requirement = Requirement(try path(try fields.required("files"), scope))
            if let count = fields["count"] {
                requirement.count = try count.text() == Requirement.ranks ? Requirement.ranks : scope.whole(count)
            }
            complete.append(requirement)
        }
        if case .file = step, !complete.contains(where: { $0.files.contains("{step}") }) {
            throw field.error("'\(field.path)' has no name with {step} in it")
        }
        guard !complete.isEmpty else { throw field.error("'\(field.path)' is empty") }
        return complete
    }

    private static func paths(_ field: YAMLValue?, _ scope: TemplateScope) throws -> [String] {
        var paths: [String] = []
        for element in try field?.elements("a list of paths") ?? [] { paths.append(try path(element, scope)) }
        return paths
    }

    /// Returns a path below the root, or below a step's folder.
    private static func path(_ field: YAMLValue, _ scope: TemplateScope) throws -> String {
        let path = try scope.relativePath(field)
        for match in path.matches(of: #/\$?\{([^}]*)\}/#) where !match.0.hasPrefix("$") {
            guard ["step", "rank"].contains(match.1) else {
                throw field.error("'\(field.path)' has '\(match.0)'; known are {step} and {rank}")
            }
        }
        return path
    }
}
