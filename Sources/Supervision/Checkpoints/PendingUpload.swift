import ByteText
import JSON
import RunContract

/// A note on the disk about files that are being uploaded, for a later attempt.
struct PendingUpload: Sendable, Hashable {
    /// The checkpoint or artifact that the files belong to.
    enum Content: Sendable, Hashable {
        /// `stepText` is the step as the trainer writes it in file names.
        case checkpoint(stage: String, step: Int, stepText: String)
        case artifact(into: String)
    }

    let run: String
    let content: Content
    /// The attempt that found the files complete; its number is in the keys.
    let attempt: Int
    /// How often that attempt had saved this step.
    var save = 1
    /// The machine's boot ID: data that had not reached the disk is lost at the next boot.
    let boot: String
    /// The files' snapshots when they were found complete.
    let files: [RelativePath: FileSnapshot]
    /// The files that are already in the bucket.
    var done: [FileRecord] = []

    /// The checkpoint, nil for an artifact.
    var checkpoint: LocalCheckpoint? {
        guard case .checkpoint(_, let step, let stepText) = content else { return nil }
        var named: [ExactText: FileSnapshot] = [:]
        for (path, snapshot) in files { named[ExactText(path.description)] = snapshot }
        return LocalCheckpoint(step: step, stepText: stepText, files: named)
    }

    /// Sorts the notes of a stage by step, then by attempt and save.
    var order: (Int, Int, Int) { (checkpoint?.step ?? 0, attempt, save) }
}

extension PendingUpload {
    private static let version = 2

    /// The form that ``init(json:below:)`` reads.
    var json: JSONValue {
        var json: JSONValue = [
            "version": .integer(Self.version), "run": .string(run), "attempt": .integer(attempt),
            "save": .integer(save), "boot": .string(boot), "done": .array(done.map(\.json)),
        ]
        switch content {
        case .checkpoint(let stage, let step, let stepText):
            json["checkpoint"] = [
                "stage": .string(stage), "step": .integer(step), "step_text": .string(stepText),
            ]
        case .artifact(let into): json["artifact"] = .string(into)
        }
        json["files"] = .array(
            files.sorted { $0.key < $1.key }.map { path, file in
                var json = path.members
                json["size"] = .integer(file.size)
                json["modified"] = .integer(file.modified)
                json["inode"] = .integer(file.inode)
                json["device"] = .integer(file.device)
                return json
            })
        return json
    }

    /// Reads a note of the run whose prefix in the bucket is `root`.
    init(json: JSONValue, below root: String) throws {
        guard try json.whole("version") == Self.version else { throw JSONError("'version' is unknown") }
        var files: [RelativePath: FileSnapshot] = [:]
        for file in try json.list("files") {
            files[try RelativePath(json: file)] = FileSnapshot(
                size: Int64(try file.whole("size")), modified: Int64(try file.whole("modified")),
                inode: try Self.unsigned(file, "inode"), device: try Self.unsigned(file, "device"))
        }
        var done: [FileRecord] = []
        for record in try json.list("done") { done.append(try FileRecord(json: record, below: root)) }
        let content: Content
        if let into = try json.optionalText("artifact") {
            content = .artifact(into: into)
        } else {
            let checkpoint = try json.member("checkpoint")
            content = .checkpoint(
                stage: try checkpoint.text("stage"), step: try checkpoint.whole("step"),
                stepText: try checkpoint.text("step_text"))
        }
        self.init(
            run: try json.text("run"), content: content, attempt: try json.whole("attempt"),
            save: try json.whole("save"), boot: try json.text("boot"), files: files, done: done)
    }

    private static func unsigned(_ json: JSONValue, _ name: String) throws -> UInt64 {
        guard case .number(let text) = try json.member(name), let number = UInt64(text) else {
            throw JSONError("'\(name)' is no number")
        }
        return number
    }
}
