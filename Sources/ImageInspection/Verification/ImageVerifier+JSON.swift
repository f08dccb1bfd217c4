package import JSON

/// The outcome for people and programs.
extension ImageVerifier.Outcome {
    /// True where nothing is against the rules; warnings are allowed.
    package var isValid: Bool { !findings.contains { $0.severity == .problem } }

    /// Everything that was found; members are only ever added.
    package func json(name: String) -> JSONValue {
        [
            "image": .string(name), "valid": .bool(isValid), "manifests": .integer(manifests),
            "layers": .integer(layers), "entries": .integer(entries), "bytes": .integer(bytes),
            "problems": texts(.problem), "warnings": texts(.warning),
        ]
    }

    private func texts(_ severity: Finding.Severity) -> JSONValue {
        .array(findings.filter { $0.severity == severity }.map { .string($0.text) })
    }
}
