import RunContract

extension Program.Stage {
    private static let keys = [
        "name", "run", "resume", "environment", "outputs", "checkpoints", "timeout", "stall", "retries", "background",
        "after", "matrix", "once", "optional",
    ]

    init(_ value: YAMLValue, program: Program) throws {
        let fields = try YAMLFields(value, known: Self.keys)
        let nameField = try fields.required("name")
        self.init(name: try nameField.text(), run: [])
        guard name.wholeMatch(of: #/[A-Za-z0-9][A-Za-z0-9_-]{0,62}/#) != nil else {
            throw nameField.mismatch("a name of letters, digits, '-' and '_'")
        }
        environment = try fields["environment"]?.environment() ?? [:]
        let scope = TemplateScope(program: program, stage: environment)
        if let field = fields["environment"] { try scope.checkEnvironment(field, below: program.environment) }
        run = try scope.command(try fields.required("run"))
        if let field = fields["resume"] {
            resume = try field.texts()
            try scope.with("RESUME_STEP").check(field)
        }
        for field in try fields["outputs"]?.elements("a list of paths") ?? [] {
            outputs.append(try scope.relativePath(field))
        }
        checkpoints = try fields.read("checkpoints") { (field) in
            try Program.CheckpointRule(field, scope: scope)
        }
        timeout = try fields["timeout"]?.duration()
        stall = try fields.read("stall") { (field) in
            let seconds = try field.duration()
            guard seconds > 0 else { throw field.mismatch("a duration of at least 1s") }
            return seconds
        }
        isOnce = try fields["once"]?.flag() ?? false
        isOptional = try fields["optional"]?.flag() ?? false
        try readUnsupported(fields)
    }

    /// Decodes the keys that are not supported yet, so that errors in them are reported, and then rejects them.
    private mutating func readUnsupported(_ fields: YAMLFields) throws {
        retries = try fields["retries"]?.whole()
        isBackground = try fields["background"]?.flag() ?? false
        after = try fields["after"]?.texts() ?? []
        for entry in try fields["matrix"]?.entries() ?? [] { _ = try entry.value.texts() }
        if let field = fields["background"], isBackground { throw field.notSupported() }
        if let field = fields["retries"], retries != 0 { throw field.notSupported() }
        if let field = fields["after"] ?? fields["matrix"] { throw field.notSupported() }
    }
}

extension Program.CheckpointRule {
    fileprivate init(_ value: YAMLValue, scope: TemplateScope) throws {
        let fields = try YAMLFields(
            value, known: ["root", "step", "complete", "ranks", "settle", "every", "keep"])
        let stepField = try fields.required("step")
        self.init(
            root: try scope.relativePath(try fields.required("root")), step: try Self.step(stepField),
            complete: try Self.complete(try fields.required("complete"), scope: scope))
        if let field = fields["ranks"] { ranks = try scope.whole(field) }
        if let field = fields["settle"] { settle = try field.duration() }
        if let field = fields["every"] { every = try field.whole(atLeast: 1) }
        if let field = fields["keep"] {
            let keep = try YAMLFields(field, known: ["local", "remote"])
            keepLocal = try keep["local"]?.whole(atLeast: 1)
            keepRemote = try keep["remote"]?.whole(atLeast: 1)
        }
    }

    private static func step(_ field: YAMLValue) throws -> String {
        let text = try field.text()
        guard let expression = RegularExpression(text) else {
            throw field.error("'\(field.path)' is no regular expression that Swift's Regex understands")
        }
        guard expression.groups >= 1 else {
            throw field.error("'\(field.path)' has no group for the step; write one, as in 'model_(\\d+)\\.pt'")
        }
        return text
    }

    private static func complete(_ field: YAMLValue, scope: TemplateScope) throws -> [String] {
        var names: [String] = []
        for element in try field.elements("a list of file names") {
            let name = try scope.relativePath(element)
            for match in name.matches(of: #/\$?\{([^}]*)\}/#) where !match.0.hasPrefix("$") {
                guard ["step", "rank"].contains(match.1) else {
                    throw element.error("'\(element.path)' has '\(match.0)'; known are {step} and {rank}")
                }
            }
            names.append(name)
        }
        guard names.contains(where: { $0.contains("{step}") }) else {
            throw field.error("'\(field.path)' has no name with {step} in it")
        }
        return names
    }
}
