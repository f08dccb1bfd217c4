import Archive
import Containers
import ImageLayers
import JSON
import SystemPackage

/// The input of the process that runs a command: the command, the layers below it, and the folders to use.
///
/// It is passed through a pipe because it contains secrets.
struct StepJob: Sendable {
    var command: StepCommand
    /// The layers below, the lowest first.
    var layers: [BuiltLayer]
    var createdBy: String
    var epoch: Int64
    var threads: Int
    var compression: LayerCompression
    /// The folder of the image store.
    var store: FilePath
    /// The folders of unpacked layers, caches and unfinished commands for this ID mapping.
    var place: StepFolders
    var runc: FilePath
    /// The users of the command: this machine's users, or those of a user namespace.
    var users: RuntimeDocument.Users
}

/// The folders that outlive commands; each ID mapping has its own, because the owners of files differ.
struct StepFolders: Sendable {
    let folder: FilePath

    init(folder: FilePath) { self.folder = folder }

    init(cache: FilePath, mapping: IDMapping?) {
        folder = cache.appending("run").appending(mapping?.description ?? "root")
    }

    /// Unpacked layers, by the chain ID of their layers.
    var trees: FilePath { folder.appending("layers") }
    /// The folders of cache mounts.
    var caches: FilePath { folder.appending("mounts") }
    /// Unfinished folders, each locked by its process.
    var temporary: FilePath { folder.appending("tmp") }
    /// Lock files for what is being made.
    var locks: FilePath { folder.appending("locks") }
}

extension StepJob {
    var json: JSONValue {
        [
            "command": command.json, "layers": .array(layers.map(\.namedJSON)), "created_by": .string(createdBy),
            "epoch": .integer(epoch), "threads": .integer(threads),
            "compression": .string(compression.name), "store": .string(store.string),
            "place": .string(place.folder.string), "runc": .string(runc.string),
            "namespace": users == .all ? "none" : users == .namespace(isSingle: true) ? "single" : "full",
        ]
    }

    init(json: JSONValue) throws {
        command = try StepCommand(json: try json.member("command"))
        layers = try json.layers("layers")
        createdBy = try json.text("created_by")
        epoch = Int64(try json.whole("epoch"))
        threads = try json.whole("threads")
        let name = try json.text("compression")
        guard let compression = LayerCompression(name: name, threads: threads) else {
            throw JSONError("'\(name)' is no compression")
        }
        self.compression = compression
        store = FilePath(try json.text("store"))
        place = StepFolders(folder: FilePath(try json.text("place")))
        runc = FilePath(try json.text("runc"))
        users =
            switch try json.text("namespace") {
            case "none": .all
            case "single": .namespace(isSingle: true)
            default: .namespace(isSingle: false)
            }
    }
}

extension BuiltLayer {
    /// The form of ``json`` with the history entry.
    var namedJSON: JSONValue {
        var json = json
        json["created_by"] = .string(createdBy)
        return json
    }
}

extension JSONValue {
    func layers(_ name: String) throws -> [BuiltLayer] {
        var layers: [BuiltLayer] = []
        for layer in try list(name) {
            layers.append(try BuiltLayer(json: layer, createdBy: try layer.text("created_by")))
        }
        return layers
    }
}
