import ByteText
import Definitions
import ImageLayers
import JSON
import OCI
import RunContract

/// Settings of the config that come from the definition.
extension ImageAssembly {
    /// The default PATH; only an image on scratch has none.
    package static let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    mutating func apply(_ definition: ImageDefinition) {
        setMissing("PATH", Self.path)
        for path in definition.layers.flatMap(\.searchPaths) { add(path.folder, toList: path.variable) }
        for (name, value) in definition.environment.sorted(by: { $0.key < $1.key }) {
            config.setEnvironment(name, value)
        }
        if let workdir = definition.workdir { config["WorkingDir"] = .string(workdir) }
        if let entrypoint = definition.entrypoint {
            config["Entrypoint"] = Self.list(entrypoint)
            // The base's arguments were meant for the base's entrypoint.
            config["Cmd"] = nil
        }
        if let command = definition.command { config["Cmd"] = Self.list(command) }
        if let user = definition.user { config["User"] = .string(user) }
        if let signal = definition.stopSignal { config["StopSignal"] = .string(signal) }
        add(definition.ports, to: "ExposedPorts")
        add(definition.volumes, to: "Volumes")
        guard !definition.labels.isEmpty else { return }
        let labels = config["Labels"]?.object ?? [:]
        config["Labels"] = .object(labels.merging(definition.labels.mapValues(JSONValue.string)) { $1 })
    }

    /// Prepends a folder to a variable that is a list separated by colons.
    private mutating func add(_ folder: String, toList name: String) {
        let old = config.environment.last { $0.name == name }?.value ?? ""
        guard !old.split(byte: ":").contains(Substring(folder)) else { return }
        config.setEnvironment(name, old.isEmpty ? folder : "\(folder):\(old)")
    }

    mutating func setMissing(_ name: String, _ value: String) {
        if !config.environment.contains(where: { $0.name == name }) { config.setEnvironment(name, value) }
    }

    /// Adds members to a set, which the config represents as an object with empty objects as values.
    private mutating func add(_ names: [String], to member: String) {
        guard !names.isEmpty else { return }
        var set = config[member]?.object ?? [:]
        for name in names { set[name] = [:] }
        config[member] = .object(set)
    }

    private static func list(_ texts: [String]) -> JSONValue { .array(texts.map(JSONValue.string)) }
}
