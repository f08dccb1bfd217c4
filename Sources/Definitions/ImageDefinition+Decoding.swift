import ByteText
private import OCI
private import RunContract
package import SystemPackage
import Wording

extension ImageDefinition {
    private static let keys = [
        "name", "base", "platforms", "layers", "program", "environment", "workdir", "entrypoint", "command", "user",
        "ports", "labels", "annotations", "stop_signal", "volumes",
    ]

    /// Reads an image.yaml; expands `${NAME}` from `buildArguments`, then from `environment`.
    package init(reading file: FilePath, buildArguments: [String: String] = [:], environment: [String: String]) throws {
        let document = try YAMLValue(reading: file)
        try self.init(document, file: file, buildArguments: buildArguments, environment: environment)
    }

    /// Parses the text of an image.yaml.
    ///
    /// `file` is the base of relative paths and appears in errors; it need not exist.
    package init(
        parsing text: String, file: FilePath, buildArguments: [String: String] = [:], environment: [String: String]
    ) throws {
        let document = try YAMLValue(parsing: text, file: file.string)
        try self.init(document, file: file, buildArguments: buildArguments, environment: environment)
    }

    private init(
        _ document: YAMLValue, file: FilePath, buildArguments: [String: String], environment: [String: String]
    ) throws {
        let document = try Self.expand(document, file: file, buildArguments, environment)
        let fields = try YAMLFields(document, known: Self.keys)
        self.file = file
        name = try fields.required("name").name()
        let folder = file.removingLastComponent()
        let baseField = try fields.required("base")
        base = try Self.base(baseField, folder: folder)
        basePlace = baseField.place
        platforms = try fields.read("platforms", Self.platforms) ?? [Platform(os: "linux", architecture: "amd64")]
        layers = []
        for element in try fields["layers"]?.elements() ?? [] {
            layerPlaces.append(element.place)
            layers.append(try Layer(element, folder: folder, base: base, below: layers))
        }
        program = try fields["program"]?.text()
        self.environment = try fields.read("environment", Self.environment) ?? [:]
        workdir = try fields["workdir"]?.absolutePath()
        entrypoint = try fields["entrypoint"]?.command()
        command = try fields["command"]?.texts()
        user = try fields["user"]?.text()
        ports = try fields.read("ports", Self.ports) ?? []
        labels = try fields["labels"]?.textMap() ?? [:]
        annotations = try fields["annotations"]?.textMap() ?? [:]
        stopSignal = try fields["stop_signal"]?.text()
        volumes = []
        for volume in try fields["volumes"]?.elements() ?? [] { volumes.append(try volume.absolutePath()) }
        if program != nil, let field = fields["entrypoint"] ?? fields["command"] {
            throw field.error("'\(field.path)' and 'program' exclude each other: a program has its own entrypoint")
        }
    }

    private static func expand(
        _ document: YAMLValue, file: FilePath, _ buildArguments: [String: String], _ environment: [String: String]
    ) throws -> YAMLValue {
        var unused = Set(buildArguments.keys)
        let expanded = try document.expanded { (name, asking) in
            guard !EnvironmentName.isRefusedInImages(name) else {
                throw asking.error(
                    "'\(asking.path)' uses \(name), which by its name is a secret: an image keeps none; "
                        + "list it in 'secrets' of the manifest instead")
            }
            unused.remove(name)
            return buildArguments[name] ?? environment[name]
        }
        if let name = unused.min() {
            throw Failure(reading: file.string, "nothing in it uses ${\(name)}, which --build-arg sets")
        }
        return expanded
    }

    private static func base(_ value: YAMLValue, folder: FilePath) throws -> Base {
        let text = try value.text("scratch or an image reference")
        do { return try Base(text, folder: folder) } catch {
            guard !Base.isLayout(text) else {
                throw value.mismatch("oci:DIR, oci:DIR:TAG, oci-archive:FILE or oci-archive:FILE:TAG")
            }
            throw value.error("'base': \(Failure.reason(of: error))")
        }
    }

    private static func platforms(_ value: YAMLValue) throws -> [Platform] {
        var platforms: [Platform] = []
        for element in try value.elements("a list of platforms") {
            let text = try element.text()
            let platform: Platform
            do { platform = try Platform(text) } catch { throw element.error("\(error)") }
            guard platform.os == "linux" else {
                throw element.error("images are built for linux, not for \(platform.os)")
            }
            guard !platforms.contains(platform) else { throw element.error("'\(value.path)' names \(platform) twice") }
            platforms.append(platform)
        }
        guard !platforms.isEmpty else { throw value.error("'platforms' names none") }
        return platforms
    }

    private static func environment(_ value: YAMLValue) throws -> [String: String] {
        for entry in try value.entries() where EnvironmentName.isRefusedInImages(entry.key) {
            throw Failure(
                reading: entry.place,
                "\(entry.key) in \(value.path) is by its name a secret or a deployment's own: "
                    + "an image keeps none; set it in the manifest")
        }
        return try value.environment()
    }

    private static func ports(_ value: YAMLValue) throws -> [String] {
        var ports: [String] = []
        for element in try value.elements("a list of ports") {
            guard let match = try element.text().wholeMatch(of: #/(\d+)(/tcp|/udp)?/#), let port = Int(match.1),
                (1...65_535).contains(port)
            else { throw element.mismatch("a port, as in 8000 or 8000/tcp,") }
            ports.append("\(port)\(match.2 ?? "/tcp")")
        }
        return ports
    }
}

extension ImageDefinition.Base {
    /// Returns true for a text that names a layout, valid or not; what `docker save` wrote is no base.
    package static func isLayout(_ text: String) -> Bool {
        [.layout, .ociArchive].contains(LayoutLocation.Form(prefixOf: text))
    }

    /// Parses `scratch`, a reference, `oci:DIR[:TAG]` or `oci-archive:FILE[:TAG]`; paths are relative to `folder`.
    package init(_ text: String, folder: FilePath) throws {
        if text == "scratch" {
            self = .scratch
        } else if Self.isLayout(text) {
            guard let location = LayoutLocation(text), !text.hasSuffix(bytes: ":"),
                location.name?.wholeMatch(of: #/[A-Za-z0-9_][A-Za-z0-9._-]{0,127}/#) != nil || location.name == nil
            else {
                throw Failure(
                    reading: text,
                    "'\(text)' is none of oci:DIR, oci:DIR:TAG, oci-archive:FILE and oci-archive:FILE:TAG")
            }
            self = .layout(location.below(folder), text: text)
        } else {
            do { self = .registry(try Reference(text)) } catch { throw Failure(reading: text, "\(error)") }
        }
    }
}

extension YAMLValue {
    /// Returns a name that is safe in paths, keys and references.
    func name() throws -> String {
        let text = try text("a name")
        guard text.wholeMatch(of: #/[a-z0-9][a-z0-9_-]{0,62}/#) != nil else {
            throw mismatch("a name of at most 63 lower-case letters, digits, '-' and '_'")
        }
        return text
    }
}
