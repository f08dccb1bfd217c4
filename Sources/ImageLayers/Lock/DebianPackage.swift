import JSON

/// An installed Debian package.
struct DebianPackage: Sendable, Hashable {
    let name: String
    let architecture: String
    let version: String
    let sha256: String

    var json: JSONValue {
        [
            "package": .string(name), "architecture": .string(architecture), "version": .string(version),
            "sha256": .string(sha256),
        ]
    }

    init(name: String, architecture: String, version: String, sha256: String) {
        self.name = name
        self.architecture = architecture
        self.version = version
        self.sha256 = sha256
    }

    init(json: JSONValue) throws {
        self.init(
            name: try json.text("package"), architecture: try json.text("architecture"),
            version: try json.text("version"), sha256: try json.text("sha256"))
    }

    /// Parses the list in a lock.
    static func list(_ json: JSONValue?) -> [DebianPackage] {
        (json?.array ?? []).compactMap { try? DebianPackage(json: $0) }
    }

    /// Describes the first difference, or returns nil if there is none.
    static func difference(_ found: [DebianPackage], from locked: [DebianPackage]) -> String? {
        let known = Dictionary(locked.map { (["\($0.name)", $0.architecture], $0) }) { $1 }
        for package in found {
            guard let other = known[[package.name, package.architecture]] else { return "\(package.name) is new there" }
            if other != package {
                return other.version == package.version
                    ? "\(package.name) \(package.version) has another content there"
                    : "\(package.name) is \(package.version) there, \(other.version) in the lock"
            }
        }
        guard let missing = Set(locked).subtracting(found).min(by: { $0.name < $1.name }) else { return nil }
        return "\(missing.name) is not there any more"
    }
}

/// The installed packages, which a hook of mmdebstrap prints while apt's lists still exist.
struct DebianPackageListing {
    private static let mark = "caasctl-package: "
    /// An mmdebstrap option with the hook, which prints apt's records of the packages that dpkg lists as installed.
    static let hook = """
        --customize-hook=dpkg-query --admindir="$1/var/lib/dpkg" --show --showformat='${binary:Package}=${Version}\\n' \
        | APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" xargs apt-cache show \
        | sed -n 's/^\\(Package\\|Version\\|Architecture\\|SHA256\\): /\(mark)\\1 /p' >&2
        """

    private var fields: [Substring: String] = [:]
    private var packages: Set<DebianPackage> = []

    /// The packages so far, sorted by name.
    var sorted: [DebianPackage] {
        packages.sorted { ($0.name, $0.architecture, $0.version) < ($1.name, $1.architecture, $1.version) }
    }

    /// Parses a line of mmdebstrap's output; returns false if it is not part of the listing.
    mutating func take(_ line: String) -> Bool {
        guard line.hasPrefix(Self.mark) else { return false }
        let words = line.dropFirst(Self.mark.count).split(separator: " ", maxSplits: 1)
        guard words.count == 2 else { return true }
        // Each record begins with the package's name, and is complete when all four fields are there.
        if words[0] == "Package" { fields = [:] }
        fields[words[0]] = String(words[1])
        if let name = fields["Package"], let version = fields["Version"], let sha256 = fields["SHA256"],
            let architecture = fields["Architecture"]
        {
            packages.insert(
                DebianPackage(name: name, architecture: architecture, version: version, sha256: sha256))
            fields = [:]
        }
        return true
    }
}
