import Spelling

/// What RUN mounts while its command runs.
///
/// Source: <https://docs.docker.com/reference/dockerfile/#run---mount>.
public struct MountFlag: Sendable, Hashable {
    /// What kind of mount it is.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case bind, cache, tmpfs, secret, ssh
    }

    /// What kind of mount it is.
    public let kind: Kind
    /// Its options by name; variables in the values are not yet replaced.
    public let options: [String: String]

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

    /// Reads `type=cache,target=/x`; the kind is `bind` where none is said.
    init(_ text: String, at place: SourcePlace) throws(DockerfileError) {
        var kind = Kind.bind
        var options: [String: String] = [:]
        for field in try Self.fields(text, at: place) {
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let name = Self.aliases[parts[0].lowercased()] ?? parts[0].lowercased()
            if name == "type" {
                guard parts.count == 2, let known = Kind(rawValue: parts[1].lowercased()) else {
                    let kinds = Kind.allCases.map(\.rawValue)
                    let nearest = EditDistance.nearest(to: parts.last ?? "", among: kinds)
                    let advice = nearest.map { "did you mean '\($0)'?" } ?? "known are \(kinds.joined(separator: ", "))"
                    throw place.error("unknown type of mount '\(parts.last ?? "")'; \(advice)")
                }
                kind = known
                continue
            }
            guard parts.count == 2 || Self.flags.contains(name) else {
                throw place.error("'\(field)' in --mount is no name=value")
            }
            options[name] = parts.count == 2 ? parts[1] : "true"
        }
        let known = Self.options(of: kind)
        for name in options.keys.sorted() where !known.contains(name) {
            let nearest = EditDistance.nearest(to: name, among: known).map { "; did you mean '\($0)'?" }
            throw place.error("a mount of type \(kind.rawValue) has no '\(name)'\(nearest ?? "")")
        }
        if options["target"] == nil && [.bind, .cache, .tmpfs].contains(kind) {
            throw place.error("a mount of type \(kind.rawValue) needs 'target'")
        }
        if let from = options["from"], from.contains("$") {
            throw place.error("variables are not replaced in 'from'; write 'FROM \(from) AS name' and 'from=name'")
        }
        if let sharing = options["sharing"], !["shared", "private", "locked"].contains(sharing.lowercased()) {
            throw place.error("'sharing' is shared, private or locked, not '\(sharing)'")
        }
        self.kind = kind
        self.options = options
    }

    /// Cuts at commas outside double quotes. <https://www.rfc-editor.org/rfc/rfc4180>
    private static func fields(_ text: String, at place: SourcePlace) throws(DockerfileError) -> [String] {
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
