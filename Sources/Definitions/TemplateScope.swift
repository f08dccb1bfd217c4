import ByteText
import RunContract
import Wording

/// The variables that a template may use at its place in a program.
struct TemplateScope {
    private var known: Set<String>
    private let secrets: Set<String>
    /// The other variables of the same mapping, which have no value yet when the template is expanded.
    private var siblings: Set<String> = []
    /// The variables that get their values only after the template is expanded.
    private var later: Set<String> = []

    /// Creates the scope of a program's templates, or of a stage with its own environment.
    init(program: Program, stage: [String: String] = [:]) {
        known = ["RUN_ID", "ATTEMPT", "STAGE", "DATA", "GPU_COUNT", "RANKS"]
        known.formUnion(program.environment.keys)
        known.formUnion(program.requires)
        known.formUnion(stage.keys)
        secrets = Set(program.passSecrets)
    }

    /// Returns the scope of the program's `data`, which is expanded before everything else.
    func ofData(_ program: Program) -> TemplateScope {
        var copy = self
        copy.known = Set(["RUN_ID"] + program.requires)
        copy.later = known.subtracting(copy.known).subtracting(["DATA", "STAGE"])
        return copy
    }

    /// Returns a scope with variables that exist only in some places.
    func with(_ names: String...) -> TemplateScope {
        var copy = self
        copy.known.formUnion(names)
        return copy
    }

    /// Returns a scope without variables that have no value yet when the template is expanded.
    func without(_ names: String...) -> TemplateScope {
        var copy = self
        copy.known.subtract(names)
        return copy
    }

    /// Checks a mapping of variables: none is a secret by its name, since the program is part of the image.
    ///
    /// A value may use the variable's own outer value, but none of the mapping's other variables.
    func checkEnvironment(_ value: YAMLValue, below: [String: String]) throws {
        let names = Set(try value.entries().map(\.key))
        for entry in try value.entries() {
            guard !EnvironmentName.looksSecret(entry.key) else {
                throw Failure(
                    reading: entry.place,
                    "\(entry.key) in \(value.path) is by its name a secret: an image keeps none; list it in 'secrets' of "
                        + "the manifest, and in 'pass_secrets' here")
            }
            var scope = without("STAGE")
            scope.siblings = names.subtracting([entry.key]).subtracting(below.keys)
            scope.known.subtract(scope.siblings)
            try scope.check(entry.value)
        }
    }

    /// Checks every text in a value and below it.
    func check(_ value: YAMLValue) throws {
        switch value.content {
        case .empty: break
        case .scalar(let text, _): try check(text, at: value)
        case .sequence(let elements): for element in elements { try check(element) }
        case .mapping(let entries): for entry in entries { try check(entry.value) }
        }
    }

    private func check(_ text: String, at value: YAMLValue) throws {
        for variable in try value.template(text).variables {
            let name = variable.name
            let isSecret = secrets.contains(name) || EnvironmentName.looksSecret(name)
            if isSecret {
                throw value.error(
                    "'\(value.path)' names the secret \(name), which others could read there; "
                        + "the process finds it in its environment once 'pass_secrets' lists it")
            }
            if known.contains(name) { continue }
            if later.contains(name) {
                throw value.error(
                    "'\(value.path)' names \(name), which has no value yet when '\(value.path)' is expanded")
            }
            if siblings.contains(name) {
                throw value.error(
                    "'\(value.path)' names \(name) of the same mapping, whose values are expanded together")
            }
            if let place = Self.places[name] { throw value.error("'\(value.path)' names \(name), which is \(place)") }
            guard variable.fallback == nil else { continue }
            let suggestion = EditDistance.nearest(to: name, among: known.sorted()).map { "; did you mean '\($0)'?" }
            throw value.error(
                "'\(value.path)' names \(name), which is neither in 'environment' nor in 'requires'"
                    + (suggestion ?? "; give it a default as in ${\(name):-…}, or list it in 'requires'"))
        }
    }

    private static let places = [
        "RESUME_STEP": "known in 'resume' only", "RESUME_PATH": "known in 'resume' only",
        "SERVE_PORT": "known in 'serve' only", "DATA": "'data' itself",
        "STAGE": "known in stages only",
    ]
}

/// Decoding templates, with the checks that are possible before expansion.
extension TemplateScope {
    /// Returns a command with its arguments.
    func command(_ value: YAMLValue) throws -> [String] {
        let command = try value.command()
        try check(value)
        return command
    }

    /// Returns a whole number, or a template of one.
    func whole(_ value: YAMLValue) throws -> String {
        let text = try value.text("a whole number")
        try check(value)
        return text.contains("${") ? text : String(try value.whole())
    }

    /// Returns an absolute path, or a template of one.
    func absolutePath(_ value: YAMLValue) throws -> String {
        let text = try value.text("an absolute path")
        try check(value)
        guard text.hasPrefix(bytes: "/") || text.hasPrefix(bytes: "${"), !text.split(byte: "/").contains("..") else {
            throw value.mismatch("an absolute path without '..'")
        }
        return text
    }

    /// Returns a path below the data folder.
    func relativePath(_ value: YAMLValue) throws -> String {
        let text = try value.text("a path below 'data'")
        try check(value)
        guard !text.hasPrefix(bytes: "/"), !text.split(byte: "/").contains("..") else {
            throw value.mismatch("a path below 'data', without '..'")
        }
        return text
    }
}
