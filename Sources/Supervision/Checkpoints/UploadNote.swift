import JSON
import RunContract

/// Files on their way into the bucket, as a later start of the run finds them on the disk.
struct UploadNote: Sendable, Hashable {
    /// What the files are.
    enum Content: Sendable, Hashable {
        case checkpoint(stage: String)
        case artifact(into: String)
    }

    let run: String
    let content: Content
    /// The start that found the files complete; its number is in the keys.
    let attempt: Int
    /// Which start of the machine it was: what was not on the disk yet is lost with the next one.
    let boot: String
    /// The files as they were then; those of an artifact have no step.
    let checkpoint: LocalCheckpoint
    /// The files that are in the bucket already.
    var done: [FileRecord] = []
}

extension UploadNote {
    private static let version = 1

    private var kind: (name: String, of: String) {
        switch content {
        case .checkpoint(let stage): ("checkpoint", stage)
        case .artifact(let into): ("artifact", into)
        }
    }

    /// The form that ``init(json:)`` reads.
    var json: JSONValue {
        [
            "version": .integer(Self.version), "run": .string(run), "kind": .string(kind.name), "of": .string(kind.of),
            "attempt": .integer(attempt), "boot": .string(boot), "step": .integer(checkpoint.step),
            "step_text": .string(checkpoint.stepText),
            "files": .object(
                checkpoint.files.mapValues { file in
                    [
                        "size": .integer(file.size), "modified": .integer(file.modified), "inode": .integer(file.inode),
                        "device": .integer(file.device),
                    ]
                }), "done": .array(done.map(\.json)),
        ]
    }

    /// Reads one.
    init(json: JSONValue) throws(JSONError) {
        guard try json.whole("version") == Self.version else { throw JSONError("'version' is unknown") }
        var files: [String: FileSnapshot] = [:]
        for (path, file) in try json.member("files").object ?? [:] {
            files[path] = FileSnapshot(
                size: Int64(try file.whole("size")), modified: Int64(try file.whole("modified")),
                inode: try Self.unsigned(file, "inode"), device: try Self.unsigned(file, "device"))
        }
        var done: [FileRecord] = []
        for record in try json.list("done") { done.append(try FileRecord(json: record)) }
        let of = try json.text("of")
        let content: Content
        switch try json.text("kind") {
        case "checkpoint": content = .checkpoint(stage: of)
        case "artifact": content = .artifact(into: of)
        default: throw JSONError("'kind' is unknown")
        }
        self.init(
            run: try json.text("run"), content: content, attempt: try json.whole("attempt"),
            boot: try json.text("boot"),
            checkpoint: LocalCheckpoint(
                step: try json.whole("step"), stepText: try json.text("step_text"), files: files), done: done)
    }

    private static func unsigned(_ json: JSONValue, _ name: String) throws(JSONError) -> UInt64 {
        guard case .number(let text) = try json.member(name), let number = UInt64(text) else {
            throw JSONError("'\(name)' is no number")
        }
        return number
    }
}
