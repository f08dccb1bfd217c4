import Archive
import Containers
import JSON
import SystemPackage

/// What the process that runs a command is told: the command, what it stands on, and where things are kept.
///
/// It goes through a pipe, since secrets are in it.
struct RunJob: Sendable {
    var command: RunCommand
    /// The layers below, the lowest first.
    var layers: [BuiltLayer]
    var createdBy: String
    var epoch: Int64
    var threads: Int
    var compression: LayerCompression
    /// The images' store.
    var store: FilePath
    /// Where unpacked layers, caches and unfinished runs are kept, for one mapping of users.
    var place: RunPlace
    var runc: FilePath
    /// Nil where the command's users are this machine's.
    var users: RuntimeDocument.Users
}

/// Where runs keep what outlives them: files' owners differ from mapping to mapping, and so does the folder.
struct RunPlace: Sendable {
    let folder: FilePath

    init(folder: FilePath) { self.folder = folder }

    init(cache: FilePath, mapping: IDMapping?) {
        folder = cache.appending("run").appending(mapping?.description ?? "root")
    }

    /// Unpacked layers, by the chain of layers that they end.
    var trees: FilePath { folder.appending("layers") }
    /// Folders of cache mounts.
    var caches: FilePath { folder.appending("mounts") }
    /// What is unfinished; its owner holds its lock.
    var temporary: FilePath { folder.appending("tmp") }
    /// Locks on what is being made.
    var locks: FilePath { folder.appending("locks") }
}

extension RunJob {
    var json: JSONValue {
        [
            "command": command.json, "layers": .array(layers.map(\.namedJSON)), "created_by": .string(createdBy),
            "epoch": .integer(epoch), "threads": .integer(threads),
            "compression": .string(compression.name), "store": .string(store.string),
            "place": .string(place.folder.string), "runc": .string(runc.string),
            "namespace": users == .all ? "none" : users == .namespace(isSingle: true) ? "single" : "full",
        ]
    }

    init(json: JSONValue) throws(JSONError) {
        command = try RunCommand(json: try json.member("command"))
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
        place = RunPlace(folder: FilePath(try json.text("place")))
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
    /// The form of ``json`` with what made it.
    var namedJSON: JSONValue {
        var json = json
        json["created_by"] = .string(createdBy)
        return json
    }
}

extension JSONValue {
    func layers(_ name: String) throws(JSONError) -> [BuiltLayer] {
        var layers: [BuiltLayer] = []
        for layer in try list(name) {
            layers.append(try BuiltLayer(json: layer, createdBy: try layer.text("created_by")))
        }
        return layers
    }
}
