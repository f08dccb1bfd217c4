import Dockerfile

/// Returns the instructions after `FROM scratch` in a Dockerfile.
func instructions(_ text: String, escape: String = "") throws -> [Instruction] {
    let directive = escape.isEmpty ? "" : "# escape=\(escape)\n"
    return try ParsedDockerfile(parsing: "\(directive)FROM scratch\n\(text)", file: "Dockerfile").stages[0].instructions
}

/// Returns the action of the only instruction after `FROM scratch`.
func action(_ text: String, escape: String = "") throws -> Instruction.Action {
    let all = try instructions(text, escape: escape)
    guard let first = all.first, all.count == 1 else { throw Count(count: all.count) }
    return first.action
}

struct Count: Error { let count: Int }

/// Returns the error for a wrong Dockerfile.
func complaint(_ text: String) -> String {
    do {
        _ = try ParsedDockerfile(parsing: text, file: "Dockerfile")
        return "nothing"
    } catch { return "\(error)" }
}
