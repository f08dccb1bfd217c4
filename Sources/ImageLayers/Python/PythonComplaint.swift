/// Extracts from the output of uv or pip the reason for a failure that the user can act on.
struct PythonComplaint {
    /// The requirement that has no wheel.
    let requirement: String?
    /// Any other reason, in one line.
    let reason: String?

    /// The message of pip's audit hook if a package would run its own code.
    static let refusal = "a package would run code of its own"

    init(_ lines: [String]) {
        guard !lines.contains(where: { $0.contains(Self.refusal) }) else {
            requirement = nil
            reason =
                "one of the packages has no wheel and would be built, which runs its code here; only wheels are taken"
            return
        }
        let text = lines.map { $0.drop { " ╰─▶×│".contains($0) } }.joined(separator: " ")
        if let match = text.firstMatch(of: #/No matching distribution found for (\S+)/#) {
            requirement = String(match.1)
        } else if let match = text.firstMatch(
            of: #/([A-Za-z0-9][A-Za-z0-9._\-]*(?:[=<>!~]=?[^\s,]+)?) (?:has|have) no (?:usable wheels|wheels|`)/#)
        {
            requirement = String(match.1)
        } else {
            requirement = nil
        }
        let cause = lines.first { $0.contains("cause: ") || $0.contains("─▶") }
        let error = lines.first { $0.lowercased().hasPrefix("error: ") }
        reason = (cause ?? error).map { line in
            String(line.drop { " ╰─▶×│".contains($0) }.trimmingPrefix(#/cause: |(?i:error): /#))
        }
    }
}
