package import JSON

extension ImageVerifier.Outcome {
    /// True if there are no problems; warnings are allowed.
    package var isValid: Bool { !findings.contains { $0.severity == .problem } }

    /// Returns the outcome as JSON.
    ///
    /// The format only ever gains members.
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
