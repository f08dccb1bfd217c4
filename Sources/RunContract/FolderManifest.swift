package import JSON

/// The manifest of a checkpoint or of a stage's outputs, written after all objects that it names.
package struct FolderManifest: Sendable, Hashable {
    package let stage: String
    /// The step of a checkpoint, nil for outputs.
    package let step: Int?
    /// The step as the trainer writes it in file names, including leading zeros.
    package let stepText: String?
    /// The attempt that wrote it.
    package let attempt: Int
    /// Digest of the image that ran, empty if it is unknown.
    package let image: String
    /// RFC 3339.
    package let created: String
    /// Counts from 1 how often this attempt has saved this step, since a trainer may save it again.
    package let save: Int
    package var files: [FileRecord]
    /// Symbolic links and folders.
    package var tree: TreeRecord
    /// The stage's output patterns, nil for a checkpoint and in manifests of earlier versions.
    package var patterns: [String]?
    /// Why the files are not everything that the stage left, nil if they are.
    ///
    /// A machine without the stage's files must then run the stage again.
    package var gap: String?

    package init(
        stage: String, step: Int?, stepText: String?, attempt: Int, save: Int = 1, image: String, created: String,
        files: [FileRecord], tree: TreeRecord = TreeRecord()
    ) {
        self.stage = stage
        self.step = step
        self.stepText = stepText
        self.attempt = attempt
        self.image = image
        self.created = created
        self.save = save
        self.files = files
        self.tree = tree
    }

    /// Reads a manifest; `root` is the prefix of the run's keys.
    package init(json: JSONValue, below root: String) throws {
        guard try json.whole("version") == 1 else { throw JSONError("'version' is not 1") }
        let files = try FileRecord.list(json, below: root)
        guard try json.optionalWhole("save") ?? 1 >= 1, try json.whole("attempt") >= 1 else {
            throw JSONError("'attempt' or 'save' is less than 1")
        }
        self.init(
            stage: try json.text("stage"), step: try json.optionalWhole("step"),
            stepText: try json.optionalText("step_text"), attempt: try json.whole("attempt"),
            save: try json.optionalWhole("save") ?? 1, image: try json.text("image"),
            created: try json.text("created"), files: files, tree: try TreeRecord(json: json, files: files))
        patterns = json["patterns"] == nil ? nil : try json.texts("patterns")
        gap = try json.optionalText("gap")
    }

    /// The form that ``init(json:below:)`` reads.
    package var json: JSONValue {
        var json: JSONValue = [
            "version": 1, "stage": .string(stage), "attempt": .integer(attempt), "image": .string(image),
            "created": .string(created), "files": .array(files.map(\.json)),
        ]
        if let step { json["step"] = .integer(step) }
        if let stepText { json["step_text"] = .string(stepText) }
        if save > 1 { json["save"] = .integer(save) }
        if let patterns { json["patterns"] = .array(patterns.map(JSONValue.string)) }
        if let gap { json["gap"] = .string(gap) }
        tree.add(to: &json)
        return json
    }
}
