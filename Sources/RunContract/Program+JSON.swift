package import JSON

/// The JSON form in `/.caas/program.json`.
extension Program {
    /// The path at which the entrypoint reads the program.
    package static let path = ReservedPaths.Image.program

    /// Reads the form of ``json``.
    package init(json: JSONValue) throws {
        guard try json.whole("version") == 1 else { throw JSONError("'version' is not 1") }
        self.init(name: try json.text("name"), data: try json.text("data"))
        workdir = try json.optionalText("workdir")
        environment = try json.textMap("environment")
        requires = try json.texts("requires")
        passSecrets = try json.texts("pass_secrets")
        if let value = json["preflight"] { preflight = try Preflight(json: value) }
        for input in json["inputs"] == nil ? [] : try json.list("inputs") {
            inputs.append(
                Input(
                    run: try input.text("run"), artifact: try input.text("artifact"),
                    into: try input.optionalText("into")))
        }
        for stage in try json.list("stages") { stages.append(try Stage(json: stage)) }
        for artifact in try json.list("artifacts") {
            artifacts.append(
                Artifact(
                    from: try artifact.text("from"), into: try artifact.text("into"),
                    files: try artifact["files"].map { (_) in try artifact.texts("files") } ?? [],
                    least: Int64(try artifact.optionalNumber("least", from: 0) ?? 0)))
        }
        for metric in try json.list("metrics") {
            metrics.append(
                MetricRule(line: try metric.text("line"), match: try ExpressionText.read("match", of: metric)))
        }
        if let value = json["serve"], !value.isNull {
            serve = Serve(
                run: try value.texts("run"), ready: try value.text("ready"),
                isPublic: try value.optionalFlag("public") ?? false,
                needs: value["needs"] == nil ? nil : try value.texts("needs"))
        }
        imageEnvironment = try json.textMap("image_environment")
        childEnvironment = try json.textMap("child_environment")
    }

    /// The form that ``init(json:)`` reads.
    ///
    /// A member that an older entrypoint does not support is omitted if it has no value.
    package var json: JSONValue {
        var json: JSONValue = [
            "version": 1, "name": .string(name), "workdir": .optional(workdir), "data": .string(data),
            "environment": Self.map(environment), "requires": Self.list(requires),
            "pass_secrets": Self.list(passSecrets), "preflight": preflight.json,
            "stages": .array(stages.map(\.json)),
            "artifacts": .array(
                artifacts.map {
                    [
                        "from": .string($0.from), "into": .string($0.into), "files": Program.list($0.files),
                        "least": .integer($0.least),
                    ]
                }),
            "metrics": .array(metrics.map { ["line": .string($0.line), "match": .string($0.match)] }),
            "serve": serve.map(Self.json) ?? .null,
            "image_environment": Self.map(imageEnvironment), "child_environment": Self.map(childEnvironment),
        ]
        if !inputs.isEmpty {
            json["inputs"] = .array(
                inputs.map { input in
                    [
                        "run": .string(input.run), "artifact": .string(input.artifact), "into": .optional(input.into),
                    ]
                })
        }
        return json
    }

    private static func json(_ server: Serve) -> JSONValue {
        var json: JSONValue = [
            "run": list(server.run), "ready": .string(server.ready), "public": .bool(server.isPublic),
        ]
        if let needs = server.needs { json["needs"] = list(needs) }
        return json
    }

    static func list(_ texts: [String]) -> JSONValue { .array(texts.map(JSONValue.string)) }
    fileprivate static func map(_ texts: [String: String]) -> JSONValue {
        .object(texts.mapValues(JSONValue.string))
    }
}

extension Program.Preflight {
    fileprivate init(json: JSONValue) throws {
        self.init(gpuCount: try json.optionalText("gpu_count"), gpuMemoryGiB: try json.optionalText("gpu_memory_gib"))
        for disk in try json.list("disks") {
            disks.append(Disk(path: try disk.text("path"), gib: try disk.text("gib")))
        }
        for command in try json.list("commands") {
            let named: JSONValue = ["command": command]
            commands.append(try named.texts("command"))
        }
    }

    fileprivate var json: JSONValue {
        [
            "gpu_count": .optional(gpuCount), "gpu_memory_gib": .optional(gpuMemoryGiB),
            "disks": .array(disks.map { ["path": .string($0.path), "gib": .string($0.gib)] }),
            "commands": .array(commands.map(Program.list)),
        ]
    }
}

extension Program.Stage {
    fileprivate init(json: JSONValue) throws {
        self.init(name: try json.text("name"), run: try json.texts("run"))
        resume = try json.texts("resume")
        environment = try json.textMap("environment")
        outputs = try json.texts("outputs")
        if let rule = json["checkpoints"], !rule.isNull { checkpoints = try Program.CheckpointRule(json: rule) }
        timeout = try json.optionalNumber("timeout", from: 0)
        stall = try json.optionalNumber("stall", from: 0)
        watchesSteps = try json.optionalFlag("watches_steps") ?? true
        nonFinite = try json.optionalNumber("non_finite", from: 0)
        retries = try json.optionalNumber("retries", from: 0)
        isOnce = try json.optionalFlag("once") ?? false
        isOptional = try json.optionalFlag("optional") ?? false
        isBackground = try json.optionalFlag("background") ?? false
        after = try json.texts("after")
    }

    fileprivate var json: JSONValue {
        [
            "name": .string(name), "run": Program.list(run), "resume": Program.list(resume),
            "environment": Program.map(environment), "outputs": Program.list(outputs),
            "checkpoints": checkpoints?.json ?? .null, "timeout": timeout.map { .integer($0) } ?? .null,
            "stall": stall.map { .integer($0) } ?? .null,
            "watches_steps": .bool(watchesSteps), "non_finite": nonFinite.map { .integer($0) } ?? .null,
            "retries": retries.map { .integer($0) } ?? .null,
            "once": .bool(isOnce), "optional": .bool(isOptional), "background": .bool(isBackground),
            "after": Program.list(after),
        ]
    }
}

extension JSONValue {
    /// Reads an integer in a range that cannot overflow.
    ///
    /// Seconds are converted to nanoseconds, and a retention count below 1 would keep nothing.
    func optionalNumber(_ name: String, from least: Int) throws -> Int? {
        guard let number = try optionalWhole(name) else { return nil }
        guard (least...1_000_000_000).contains(number) else {
            throw JSONError("'\(name)' is \(number), and not from \(least) to 1000000000")
        }
        return number
    }
}
