import JSON

extension Program {
    /// The rule that decides which files form a checkpoint.
    ///
    /// Paths are templates below `root`, with `{step}` for the step as it is written there, `{rank}`, and `*`, `?` and
    /// `**`. Where each step has a folder, they are paths below that folder.
    package struct CheckpointRule: Sendable, Hashable {
        /// What tells a checkpoint's step.
        package enum Step: Sendable, Hashable {
            /// A regular expression that matches the whole path of a file; its first group is the step.
            case file(String)
            /// The name of a folder that each step has, with `{step}`.
            case folder(String)
        }

        /// Files without which a checkpoint is not complete.
        package struct Requirement: Sendable, Hashable {
            package var files: String
            /// Template of the least number of files that must match, or ``ranks``.
            package var count: String

            /// A `count` that means the rule's number of ranks.
            package static let ranks = "ranks"

            package init(_ files: String, count: String = "1") {
                self.files = files
                self.count = count
            }
        }

        /// Template of the folder that contains the checkpoints.
        package var root: String
        package var step: Step
        package var complete: [Requirement]
        /// Files that belong to a checkpoint where they are there.
        package var include: [String]
        /// Files that belong to no checkpoint, whatever else says so.
        package var exclude: [String]
        /// Template of the number of ranks.
        package var ranks: String
        /// Seconds for which the size and modification time of every file must not change.
        package var settle: Int
        /// Uploads every n-th checkpoint.
        package var every: Int
        /// The number of uploaded checkpoints that remain on the disk, nil for all.
        package var keepLocal: Int?
        /// The number of checkpoints that remain in the bucket, nil for all.
        package var keepRemote: Int?

        package init(root: String, step: Step, complete: [Requirement]) {
            self.root = root
            self.step = step
            self.complete = complete
            include = []
            exclude = []
            ranks = "${RANKS}"
            settle = 10
            every = 1
        }

        /// Creates a rule for checkpoints whose files have the step in their names.
        package init(root: String, step: String, complete: [String]) {
            self.init(root: root, step: .file(step), complete: complete.map { Requirement($0) })
        }
    }
}

extension Program.CheckpointRule {
    init(json: JSONValue) throws {
        let step: Step
        if let folder = try json.optionalText("folder") {
            step = .folder(folder)
        } else {
            step = .file(try ExpressionText.read("step", of: json))
        }
        var complete: [Requirement] = []
        for value in try json.list("complete") {
            complete.append(Requirement(try value.text("files"), count: try value.text("count")))
        }
        self.init(root: try json.text("root"), step: step, complete: complete)
        include = try json.texts("include")
        exclude = try json.texts("exclude")
        ranks = try json.text("ranks")
        settle = try json.optionalNumber("settle", from: 0) ?? settle
        every = try json.optionalNumber("every", from: 1) ?? every
        keepLocal = try json.optionalNumber("keep_local", from: 1)
        keepRemote = try json.optionalNumber("keep_remote", from: 1)
    }

    var json: JSONValue {
        var json: JSONValue = [
            "root": .string(root),
            "complete": .array(complete.map { ["files": .string($0.files), "count": .string($0.count)] }),
            "include": Program.list(include), "exclude": Program.list(exclude),
            "ranks": .string(ranks), "settle": .integer(settle), "every": .integer(every),
            "keep_local": keepLocal.map { .integer($0) } ?? .null,
            "keep_remote": keepRemote.map { .integer($0) } ?? .null,
        ]
        switch step {
        case .file(let expression): json["step"] = .string(expression)
        case .folder(let name): json["folder"] = .string(name)
        }
        return json
    }
}
