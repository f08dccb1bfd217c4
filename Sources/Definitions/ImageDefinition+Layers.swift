import ByteText
import SystemPackage

extension ImageDefinition.Layer {
    private static let kinds = ["debian", "python", "git", "files", "archive"]

    /// Decodes a layer; relative paths start at `folder`, and `below` has the layers under this one.
    init(_ value: YAMLValue, folder: FilePath, base: ImageDefinition.Base, below: [ImageDefinition.Layer]) throws {
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
        case "python": self = .python(try ImageDefinition.PythonLayer(layer, folder: folder))
        default: self = .archive(try ImageDefinition.ArchiveLayer(layer, folder: folder))
        }
    }
}

extension ImageDefinition.DebianLayer {
    fileprivate init(_ value: YAMLValue) throws {
        let fields = try YAMLFields(value, known: ["suite", "packages", "snapshot"])
        let suiteField = try fields.required("suite")
        suite = try suiteField.text()
        guard suite.wholeMatch(of: #/[a-z][a-z0-9-]*/#) != nil else {
            throw suiteField.mismatch("a suite, as in bookworm,")
        }
        packages = []
        for element in try fields["packages"]?.elements("a list of packages") ?? [] {
            let package = try element.text()
            // Debian's policy for package names, with an architecture and a version. Anything else could act as an
            // option of apt.
            // <https://www.debian.org/doc/debian-policy/ch-controlfields.html#source>
            guard package.wholeMatch(of: #/[a-z0-9][a-z0-9+.-]+(:[a-z0-9]+)?(=[A-Za-z0-9.+:~-]+)?/#) != nil else {
                throw element.mismatch("a package's name")
            }
            packages.append(package)
        }
        snapshot = try fields.read("snapshot", Self.snapshot)
    }

    private static func snapshot(_ field: YAMLValue) throws -> ImageDefinition.DebianSnapshot {
        let text = try field.text()
        if text.wholeMatch(of: #/[0-9]{8}T[0-9]{6}Z/#) != nil { return .time(text) }
        // The URL goes into an apt sources list, where a space would separate it and brackets would hold options.
        guard text.wholeMatch(of: #/(https?|file):/[^\s\[\]"']+/#) != nil else {
            throw field.mismatch("a time, as in 20261101T000000Z, or a mirror's URL")
        }
        return .mirror(text)
    }
}

extension ImageDefinition.GitLayer {
    fileprivate init(_ value: YAMLValue) throws {
        let fields = try YAMLFields(value, known: ["url", "commit", "into"])
        let urlField = try fields.required("url")
        url = try urlField.text()
        guard !url.hasPrefix(bytes: "-") else { throw urlField.mismatch("a URL") }
        let commitField = try fields.required("commit")
        commit = try commitField.text()
        // A part of git's rules for names, which keeps a name from being parsed as anything else.
        // https://git-scm.com/docs/git-check-ref-format
        guard commit.wholeMatch(of: #/[A-Za-z0-9_][A-Za-z0-9_.\/+-]*/#) != nil, !commit.contains("..") else {
            throw commitField.mismatch("a commit of 40 or 64 hexadecimal digits, or the name of a branch or tag,")
        }
        into = try fields.required("into").absolutePath()
    }
}

extension ImageDefinition.FilesLayer {
    private static let keys = [
        "from", "into", "exclude", "exclude_file", "owner", "mode", "mtime", "split", "privileged",
    ]
    /// The minimum size of split layers in bytes: smaller ones cost more than they save, and an image's layers are
    /// limited.
    private static let smallestSplit: Int64 = 1 << 20

    fileprivate init(_ value: YAMLValue, folder: FilePath) throws {
        let fields = try YAMLFields(value, known: Self.keys)
        from = folder.pushing(FilePath(try fields.required("from").text()))
        into = try fields.required("into").absolutePath()
        exclude = try fields["exclude"]?.texts() ?? []
        ignoreFile = try fields["exclude_file"]?.text().ignoreFile(in: folder)
        owner = FileOwner(user: 0, group: 0)
        if let field = fields["owner"] { owner = try field.isKeep ? nil : field.owner() }
        mode = try fields.read("mode", Self.mode) ?? .executable
        modificationTime = .epoch
        if let field = fields["mtime"] {
            guard let time = ImageDefinition.ModificationTime(rawValue: try field.text()) else {
                throw field.mismatch("epoch or keep")
            }
            modificationTime = time
        }
        split = try fields.read("split", Self.split) ?? .automatic
        isPrivileged = try fields["privileged"]?.flag() ?? false
    }

    private static func mode(_ field: YAMLValue) throws -> ImageDefinition.FileMode {
        try field.isKeep ? .keep : .fixed(field.mode())
    }

    private static func split(_ field: YAMLValue) throws -> ImageDefinition.Split {
        if try field.text() == "none" { return .never }
        let size = try field.size()
        guard size >= smallestSplit else { throw field.mismatch("none or a size of at least 1MiB") }
        return .size(size)
    }
}

extension YAMLValue {
    /// True for the word `keep`.
    fileprivate var isKeep: Bool { (try? text()) == "keep" }
}

extension String {
    fileprivate func ignoreFile(in folder: FilePath) -> ImageDefinition.IgnoreFile {
        self == "none" ? .none : .file(folder.pushing(FilePath(self)))
    }
}
