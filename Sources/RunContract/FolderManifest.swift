public import JSON

/// manifest.json of a checkpoint, of a stage's outputs or of an artifact: written last, so that what it names is there.
public struct FolderManifest: Sendable, Hashable {
    /// The stage that wrote it, empty for an artifact.
    public let stage: String
    /// The step of a checkpoint, nil for outputs and artifacts.
    public let step: Int?
    /// The step as the trainer wrote it in names, with its zeros.
    public let stepText: String?
    /// The start of the run that wrote it.
    public let attempt: Int
    /// The image that ran, empty where it was not said.
    public let image: String
    /// RFC 3339.
    public let created: String
    /// Every file.
    public let files: [FileRecord]

    /// A manifest from its parts.
    public init(
        stage: String, step: Int?, stepText: String?, attempt: Int, image: String, created: String,
        files: [FileRecord]
    ) {
        self.stage = stage
        self.step = step
        self.stepText = stepText
        self.attempt = attempt
        self.image = image
        self.created = created
        self.files = files
    }

    /// Reads one.
    public init(json: JSONValue) throws(JSONError) {
        guard try json.whole("version") == 1 else { throw JSONError("'version' is not 1") }
        var files: [FileRecord] = []
        for file in try json.list("files") { files.append(try FileRecord(json: file)) }
        self.init(
            stage: try json.text("stage"), step: try json.optionalWhole("step"),
            stepText: try json.optionalText("step_text"), attempt: try json.whole("attempt"),
            image: try json.text("image"), created: try json.text("created"), files: files)
    }

    /// The form that ``init(json:)`` reads.
    public var json: JSONValue {
        var json: JSONValue = [
            "version": 1, "stage": .string(stage), "attempt": .integer(attempt), "image": .string(image),
            "created": .string(created), "files": .array(files.map(\.json)),
        ]
        if let step { json["step"] = .integer(step) }
        if let stepText { json["step_text"] = .string(stepText) }
        return json
    }
}
