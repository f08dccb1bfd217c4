import RunContract

extension Program.Stage {
    private static let keys = [
        "name", "run", "resume", "environment", "outputs", "checkpoints", "timeout", "stall", "non_finite", "retries",
        "background",
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
            try scope.with("RESUME_STEP", "RESUME_PATH").check(field)
        }
        for field in try fields["outputs"]?.elements("a list of paths") ?? [] {
            outputs.append(try scope.relativePath(field))
        }
        checkpoints = try fields.read("checkpoints") { (field) in
            try Program.CheckpointRule(field, scope: scope)
        }
        timeout = try fields["timeout"]?.duration()
        if let field = fields["stall"] {
            watchesSteps = try field.text() != "never"
            if watchesSteps { stall = try Self.stall(field) }
        }
        nonFinite = try fields["non_finite"]?.whole()
        retries = try fields["retries"]?.whole()
        isOnce = try fields["once"]?.flag() ?? false
        isOptional = try fields["optional"]?.flag() ?? false
        try readUnsupported(fields)
    }

    private static func stall(_ field: YAMLValue) throws -> Int {
        let seconds = try field.duration()
        guard seconds > 0 else { throw field.mismatch("a duration of at least 1s") }
        return seconds
    }

    /// Decodes the keys that are not supported yet, so that errors in them are reported, and then rejects them.
    private mutating func readUnsupported(_ fields: YAMLFields) throws {
        isBackground = try fields["background"]?.flag() ?? false
        after = try fields["after"]?.texts() ?? []
        for entry in try fields["matrix"]?.entries() ?? [] { _ = try entry.value.texts() }
        if let field = fields["background"], isBackground { throw field.notSupported() }
        if let field = fields["after"] ?? fields["matrix"] { throw field.notSupported() }
    }
}
