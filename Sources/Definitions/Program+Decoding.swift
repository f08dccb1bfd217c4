import ByteText
import RunContract

extension Program {
    private static let keys = [
        "name", "workdir", "data", "environment", "requires", "pass_secrets", "preflight", "inputs", "stages",
        "artifacts", "metrics", "serve",
    ]

    init(_ document: YAMLValue) throws {
        let fields = try YAMLFields(document, known: Self.keys)
        self.init(name: try fields.required("name").name(), data: "")
        requires = try fields["requires"]?.environmentNames() ?? []
        passSecrets = try fields.read("pass_secrets", Self.passSecrets) ?? []
        environment = try fields["environment"]?.environment() ?? [:]
        let scope = TemplateScope(program: self)
        if let field = fields["environment"] { try scope.checkEnvironment(field, below: [:]) }
        let dataField = try fields.required("data")
        data = try scope.ofData(self).absolutePath(dataField)
        let outside = scope.without("STAGE")
        workdir = try fields.read("workdir", scope.absolutePath)
        if let field = fields["preflight"] { preflight = try Preflight(field, scope: outside) }
        for field in try fields["inputs"]?.elements("a list of inputs") ?? [] {
            let input = try Input(field, scope: scope)
            guard !inputs.contains(where: { ($0.into ?? $0.artifact) == (input.into ?? input.artifact) }) else {
                throw field.error("two inputs go into '\(input.into ?? input.artifact)'")
            }
            inputs.append(input)
        }
        for field in try fields["stages"]?.elements("a list of stages") ?? [] {
            let stage = try Stage(field, program: self)
            guard !stages.contains(where: { $0.name == stage.name }) else {
                throw field.error("two stages have the name '\(stage.name)'")
            }
            stages.append(stage)
        }
        for field in try fields["artifacts"]?.elements("a list of artifacts") ?? [] {
            let artifact = try Artifact(field, scope: outside)
            guard !artifacts.contains(where: { $0.into == artifact.into }) else {
                throw field.error("two artifacts go into '\(artifact.into)'")
            }
            artifacts.append(artifact)
        }
        for field in try fields["metrics"]?.elements("a list of metrics") ?? [] {
            metrics.append(try MetricRule(field))
        }
        if let field = fields["serve"] { serve = try Serve(field, scope: scope.with("SERVE_PORT")) }
        guard !stages.isEmpty || serve != nil else { throw document.error("it has neither 'stages' nor 'serve'") }
    }
}

extension Program {
    private static func passSecrets(_ value: YAMLValue) throws -> [String] {
        let names = try value.environmentNames()
        if let name = names.first(where: EnvironmentName.keys.contains) {
            throw value.error(
                "'pass_secrets' names \(name), which is for the entrypoint alone: a stage that uploads for itself needs a "
                    + "key of its own, under another name")
        }
        return names
    }
}

extension Program.Preflight {
    fileprivate init(_ value: YAMLValue, scope: TemplateScope) throws {
        let fields = try YAMLFields(value, known: ["gpus", "disk", "commands"])
        self.init()
        if let field = fields["gpus"] {
            let gpus = try YAMLFields(field, known: ["count", "memory_gib"])
            gpuCount = try scope.whole(try gpus.required("count"))
            gpuMemoryGiB = try gpus.read("memory_gib", scope.whole)
        }
        for field in try fields["disk"]?.elements("a list of folders") ?? [] {
            let disk = try YAMLFields(field, known: ["path", "gib"])
            disks.append(
                Disk(
                    path: try scope.absolutePath(try disk.required("path")),
                    gib: try scope.whole(try disk.required("gib"))))
        }
        for field in try fields["commands"]?.elements("a list of commands") ?? [] {
            commands.append(try scope.command(field))
        }
    }
}

extension Program.Input {
    fileprivate init(_ value: YAMLValue, scope: TemplateScope) throws {
        let fields = try YAMLFields(value, known: ["run", "artifact", "into"])
        // The deployment looks up inputs before a machine exists that could report its GPUs.
        let scope = scope.without("STAGE", "ATTEMPT", "GPU_COUNT", "RANKS")
        let runField = try fields.required("run")
        let run = try runField.text("another run's id")
        try scope.check(runField)
        if !run.contains("${") {
            do { _ = try RunID(run) } catch { throw runField.error("\(error)") }
        }
        let artifactField = try fields.required("artifact")
        let artifact = try artifactField.text()
        guard artifact.wholeMatch(of: #/[A-Za-z0-9][A-Za-z0-9._-]{0,127}/#) != nil else {
            throw artifactField.mismatch("what 'into' of an artifact of that run says")
        }
        self.init(run: run, artifact: artifact, into: try fields.read("into", scope.relativePath))
    }
}

extension Program.Artifact {
    fileprivate init(_ value: YAMLValue, scope: TemplateScope) throws {
        let fields = try YAMLFields(value, known: ["from", "into", "files", "least"])
        let from = try scope.relativePath(try fields.required("from"))
        let intoField = try fields.required("into")
        let into = try intoField.text()
        guard into.wholeMatch(of: #/[A-Za-z0-9][A-Za-z0-9._-]{0,127}/#) != nil else {
            throw intoField.mismatch("a folder's name of letters, digits, '.', '-' and '_'")
        }
        // `caasctl fetch` writes a file of this name next to the artifacts.
        guard into != "SHA256SUMS" else { throw intoField.mismatch("another name than SHA256SUMS") }
        var files: [String] = []
        for field in try fields["files"]?.elements("a list of paths") ?? [] {
            files.append(try scope.relativePath(field))
        }
        self.init(from: from, into: into, files: files, least: try fields["least"]?.size() ?? 0)
    }
}

extension Program.MetricRule {
    fileprivate init(_ value: YAMLValue) throws {
        let fields = try YAMLFields(value, known: ["line", "match"])
        let match = try fields.required("match")
        guard let expression = RegularExpression(try match.text()) else {
            throw match.error("'\(match.path)' is no regular expression that Swift's Regex understands")
        }
        guard !expression.names.isEmpty else {
            throw match.error("'\(match.path)' names no metric; name one with (?<loss>…)")
        }
        self.init(line: try fields.required("line").text(), match: try match.text())
    }
}

extension Program.Serve {
    fileprivate init(_ value: YAMLValue, scope: TemplateScope) throws {
        let fields = try YAMLFields(value, known: ["run", "ready", "public", "needs"])
        self.init(run: try scope.command(try fields.required("run")))
        if let field = fields["ready"] {
            ready = try field.text()
            guard ready.hasPrefix(bytes: "/") else { throw field.mismatch("a path that begins with '/'") }
        }
        isPublic = try fields["public"]?.flag() ?? false
        if let field = fields["needs"] {
            var paths: [String] = []
            for path in try field.elements("a list of paths") { paths.append(try scope.relativePath(path)) }
            needs = paths
        }
    }
}
