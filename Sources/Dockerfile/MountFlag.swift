import ByteText
import Wording

/// The value of RUN's `--mount`: a mount that exists while the command runs.
///
/// Source: <https://docs.docker.com/reference/dockerfile/#run---mount>.
package struct MountFlag: Sendable, Hashable {
    /// The type of a mount.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case bind, cache, tmpfs, secret, ssh
    }

    /// The type; nil while it depends on a variable that is not expanded yet.
    package private(set) var kind: Kind?
    /// The options by name, including `type`; variables in the values are not yet expanded.
    package private(set) var options: [String: String]

    private static let aliases = [
        "src": "source", "dst": "target", "destination": "target", "ro": "readonly", "rw": "readwrite",
    ]
    private static let flags: Set<String> = ["readonly", "readwrite", "required"]

    private static func options(of kind: Kind) -> [String] {
        switch kind {
        case .bind: ["target", "source", "from", "readonly", "readwrite"]
        case .cache: ["id", "target", "source", "from", "readonly", "readwrite", "sharing", "mode", "uid", "gid"]
        case .tmpfs: ["target", "size"]
        case .secret: ["id", "target", "source", "env", "required", "mode", "uid", "gid"]
        case .ssh: ["id", "target", "required", "mode", "uid", "gid"]
        }
    }

    /// Parses `type=cache,target=/x`; the type defaults to `bind`.
    init(_ text: String, at place: SourcePlace) throws {
        var options: [String: String] = [:]
        for field in try Self.fields(text, at: place) {
            let parts = field.split(byte: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let name = Self.aliases[parts[0].lowercased()] ?? parts[0].lowercased()
            guard parts.count == 2 || Self.flags.contains(name) else {
                throw place.error("'\(field)' in --mount is no name=value")
            }
            options[name] = parts.count == 2 ? parts[1] : "true"
        }
        if let from = options["from"], from.contains("$") {
            throw place.error("variables are not replaced in 'from'; write 'FROM \(from) AS name' and 'from=name'")
        }
        self.options = options
        try check(isExpanded: false, at: place)
    }

    /// Returns the mount with the variables in its values expanded.
    package func expanded(at place: SourcePlace, _ word: (String) throws -> String) throws -> MountFlag {
        var flag = self
        for (name, value) in options { flag.options[name] = try word(value) }
        try flag.check(isExpanded: true, at: place)
        return flag
    }

    /// Sets the type, and throws for options that the type does not have.
    ///
    /// A value with a variable in it can be checked only after the variable is expanded.
    private mutating func check(isExpanded: Bool, at place: SourcePlace) throws {
        func isKnown(_ name: String) -> Bool { isExpanded || options[name]?.contains("$") != true }
        guard isKnown("type") else { return }
        let kind = try Self.kind(options["type"] ?? Kind.bind.rawValue, at: place)
        self.kind = kind
        let known = Self.options(of: kind) + ["type"]
        for name in options.keys.sorted() where !known.contains(name) {
            let nearest = EditDistance.nearest(to: name, among: known).map { "; did you mean '\($0)'?" }
            throw place.error("a mount of type \(kind.rawValue) has no '\(name)'\(nearest ?? "")")
        }
        if options["target"] == nil && [.bind, .cache, .tmpfs].contains(kind) {
            throw place.error("a mount of type \(kind.rawValue) needs 'target'")
        }
        if let sharing = options["sharing"], isKnown("sharing"),
            !["shared", "private", "locked"].contains(sharing.lowercased())
        {
            throw place.error("'sharing' is shared, private or locked, not '\(sharing)'")
        }
    }

    private static func kind(_ text: String, at place: SourcePlace) throws -> Kind {
        if let kind = Kind(rawValue: text.lowercased()) { return kind }
        let kinds = Kind.allCases.map(\.rawValue)
        let nearest = EditDistance.nearest(to: text, among: kinds)
        let advice = nearest.map { "did you mean '\($0)'?" } ?? "known are \(kinds.joined(separator: ", "))"
        throw place.error("unknown type of mount '\(text)'; \(advice)")
    }

    /// Splits at commas outside double quotes. <https://www.rfc-editor.org/rfc/rfc4180>
    private static func fields(_ text: String, at place: SourcePlace) throws -> [String] {
        var fields: [String] = [""]
        var isQuoted = false
        var reader = ScalarReader(text)
        while let scalar = reader.next() {
            if scalar == "\"" {
                if isQuoted && reader.skip("\"") {
                    fields[fields.count - 1].append("\"")
                } else {
                    isQuoted.toggle()
                }
            } else if scalar == "," && !isQuoted {
                fields.append("")
            } else {
                fields[fields.count - 1].unicodeScalars.append(scalar)
            }
        }
        guard !isQuoted else { throw place.error("a double quote is not closed in '--mount=\(text)'") }
        return fields
    }
}
