import SystemPackage

extension ImageDefinition.Layer {
    private static let kinds = ["debian", "python", "git", "files", "archive"]

    /// `folder` is where relative paths start; `below` are the layers under this one.
    init(
        _ value: YAMLValue, folder: FilePath, base: ImageDefinition.Base, below: [ImageDefinition.Layer]
    ) throws(DefinitionError) {
        let fields = try YAMLFields(value, known: Self.kinds)
        let entries = try value.entries()
        guard entries.count == 1, let layer = entries.first?.value, let kind = entries.first?.key else {
            throw value.error("'\(value.path)' must be one of \(Self.kinds.joined(separator: ", "))")
        }
        _ = fields
        switch kind {
        case "debian":
            guard base == .scratch else { throw layer.error("'\(layer.path)' needs 'base: scratch'") }
            guard below.isEmpty else { throw layer.error("'\(layer.path)' must be the first layer") }
            self = .debian(try ImageDefinition.DebianLayer(layer))
        case "git": self = .git(try ImageDefinition.GitLayer(layer))
        case "files": self = .files(try ImageDefinition.FilesLayer(layer, folder: folder))
        case "python":
            let fields = try YAMLFields(layer, known: ["requirements", "version", "interpreter", "into"])
            _ = try fields.required("requirements").text()
            _ = try fields.required("into").absolutePath()
            throw layer.notSupported()
        default:
            let fields = try YAMLFields(layer, known: ["from", "into"])
            _ = try fields.required("from").text()
            _ = try fields.required("into").absolutePath()
            throw layer.notSupported()
        }
    }
}

extension ImageDefinition.DebianLayer {
    fileprivate init(_ value: YAMLValue) throws(DefinitionError) {
        let fields = try YAMLFields(value, known: ["suite", "packages"])
        let suiteField = try fields.required("suite")
        suite = try suiteField.text()
        guard suite.wholeMatch(of: #/[a-z][a-z0-9-]*/#) != nil else {
            throw suiteField.mismatch("a suite, as in bookworm,")
        }
        packages = []
        for element in try fields["packages"]?.elements("a list of packages") ?? [] {
            let package = try element.text()
            // The rules of Debian's policy, with an architecture: what else came in would be an option of apt.
            // <https://www.debian.org/doc/debian-policy/ch-controlfields.html#source>
            guard package.wholeMatch(of: #/[a-z0-9][a-z0-9+.-]+(:[a-z0-9]+)?(=[A-Za-z0-9.+:~-]+)?/#) != nil else {
                throw element.mismatch("a package's name")
            }
            packages.append(package)
        }
    }
}

extension ImageDefinition.GitLayer {
    fileprivate init(_ value: YAMLValue) throws(DefinitionError) {
        let fields = try YAMLFields(value, known: ["url", "commit", "into"])
        let urlField = try fields.required("url")
        url = try urlField.text()
        guard !url.hasPrefix("-") else { throw urlField.mismatch("a URL") }
        let commitField = try fields.required("commit")
        commit = try commitField.text()
        guard commit.wholeMatch(of: #/[0-9a-f]{40}|[0-9a-f]{64}/#) != nil else {
            throw commitField.mismatch("a whole commit of 40 or 64 hexadecimal digits")
        }
        into = try fields.required("into").absolutePath()
    }
}

extension ImageDefinition.FilesLayer {
    fileprivate init(_ value: YAMLValue, folder: FilePath) throws(DefinitionError) {
        let fields = try YAMLFields(
            value, known: ["from", "into", "exclude", "owner", "mode", "mtime", "split"])
        from = folder.pushing(FilePath(try fields.required("from").text()))
        into = try fields.required("into").absolutePath()
        exclude = try fields["exclude"]?.texts() ?? []
        owner = try fields["owner"]?.owner() ?? FileOwner(user: 0, group: 0)
        mode = try fields["mode"]?.mode()
        modificationTime = .epoch
        if let field = fields["mtime"] {
            guard let time = ImageDefinition.ModificationTime(rawValue: try field.text()) else {
                throw field.mismatch("epoch or keep")
            }
            modificationTime = time
        }
        if let field = fields["split"] {
            _ = try field.size()
            throw field.notSupported()
        }
    }
}
