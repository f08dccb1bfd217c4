import ImageLayers
import JSON

/// A report of the process that runs a command, printed as one line of JSON.
enum StepMessage: Sendable {
    case output(String)
    case step(String)
    case warning(String)
    /// The command succeeded; nil if it changed nothing.
    case done(BuiltLayer?)
    /// The command failed with this exit status.
    case status(Int)
    /// The job of removing unused data is done.
    case freed(folders: Int, bytes: Int64)
    /// The command could not be run; the text is a complete message.
    case failure(String)

    var json: JSONValue {
        switch self {
        case .output(let text): ["output": .string(text)]
        case .step(let text): ["step": .string(text)]
        case .warning(let text): ["warning": .string(text)]
        case .done(let layer): ["done": layer?.namedJSON ?? .null]
        case .status(let status): ["status": .integer(status)]
        case .freed(let folders, let bytes): ["freed": .integer(folders), "bytes": .integer(bytes)]
        case .failure(let text): ["failure": .string(text)]
        }
    }

    init(json: JSONValue) throws {
        if let text = try json.optionalText("output") {
            self = .output(text)
        } else if let text = try json.optionalText("step") {
            self = .step(text)
        } else if let text = try json.optionalText("warning") {
            self = .warning(text)
        } else if let status = try json.optionalWhole("status") {
            self = .status(status)
        } else if let folders = try json.optionalWhole("freed") {
            self = .freed(folders: folders, bytes: Int64(try json.whole("bytes")))
        } else if let text = try json.optionalText("failure") {
            self = .failure(text)
        } else if let layer = json["done"], !layer.isNull {
            self = .done(try BuiltLayer(json: layer, createdBy: try layer.text("created_by")))
        } else {
            self = .done(nil)
        }
    }
}
