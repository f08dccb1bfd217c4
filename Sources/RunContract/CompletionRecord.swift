package import JSON

/// complete.json: the run is complete and every artifact that it names was verified in the bucket.
package struct CompletionRecord: Sendable, Hashable {
    /// One artifact: the folder below `artifacts/<attempt>/` and its files.
    package struct Artifact: Sendable, Hashable {
        /// The folder's name, which is the program's `into`.
        package let into: String
        package let files: [FileRecord]
        /// Symbolic links and folders.
        package let tree: TreeRecord

        package init(into: String, files: [FileRecord], tree: TreeRecord = TreeRecord()) {
            self.into = into
            self.files = files
            self.tree = tree
        }

        fileprivate init(json: JSONValue, below root: String) throws {
            let files = try FileRecord.list(json, below: root)
            self.init(
                into: try json.text("into"), files: files, tree: try TreeRecord(json: json, files: files))
        }

        fileprivate var json: JSONValue {
            var json: JSONValue = ["into": .string(into), "files": .array(files.map(\.json))]
            tree.add(to: &json)
            return json
        }
    }

    /// An artifact of another run that this run started from.
    package struct Input: Sendable, Hashable {
        package let run: String
        /// The attempt that completed the other run.
        package let attempt: Int
        package let artifact: String

        package init(run: String, attempt: Int, artifact: String) {
            self.run = run
            self.attempt = attempt
            self.artifact = artifact
        }
    }

    package let run: String
    /// The attempt that completed the run.
    package let attempt: Int
    /// Digest of the image that ran, empty if it is unknown.
    package let image: String
    /// RFC 3339, start of this attempt.
    package let started: String
    /// RFC 3339.
    package let finished: String
    /// The program's exit status, 0.
    package let exitStatus: Int
    /// US dollars, nil if the deployment did not pass the container its hourly price.
    package let costUSD: Double?
    /// The newest values of the program's metrics.
    package let metrics: [String: String]
    package let artifacts: [Artifact]
    /// The artifacts that the run started from.
    package let inputs: [Input]

    package init(
        run: String, attempt: Int, image: String, started: String, finished: String, exitStatus: Int,
        costUSD: Double?, metrics: [String: String], artifacts: [Artifact], inputs: [Input] = []
    ) {
        self.run = run
        self.attempt = attempt
        self.image = image
        self.started = started
        self.finished = finished
        self.exitStatus = exitStatus
        self.costUSD = costUSD
        self.metrics = metrics
        self.artifacts = artifacts
        self.inputs = inputs
    }

    /// Reads a record; `root` is the prefix of the run's keys.
    package init(json: JSONValue, below root: String) throws {
        guard try json.whole("version") == 1 else { throw JSONError("'version' is not 1") }
        var artifacts: [Artifact] = []
        for artifact in try json.list("artifacts") { artifacts.append(try Artifact(json: artifact, below: root)) }
        var inputs: [Input] = []
        for input in json["inputs"] == nil ? [] : try json.list("inputs") {
            inputs.append(
                Input(
                    run: try input.text("run"), attempt: try input.whole("attempt"),
                    artifact: try input.text("artifact")))
        }
        self.init(
            run: try json.text("run"), attempt: try json.whole("attempt"), image: try json.text("image"),
            started: try json.text("started"), finished: try json.text("finished"),
            exitStatus: try json.whole("exit_status"), costUSD: json["cost_usd"]?.double,
            metrics: try json.textMap("metrics"), artifacts: artifacts, inputs: inputs)
    }

    /// The form that ``init(json:below:)`` reads.
    package var json: JSONValue {
        var json: JSONValue = [
            "version": 1, "run": .string(run), "attempt": .integer(attempt), "image": .string(image),
            "started": .string(started), "finished": .string(finished), "exit_status": .integer(exitStatus),
            "metrics": .object(metrics.mapValues(JSONValue.string)),
            "artifacts": .array(artifacts.map(\.json)),
        ]
        if !inputs.isEmpty {
            json["inputs"] = .array(
                inputs.map { input in
                    [
                        "run": .string(input.run), "attempt": .integer(input.attempt),
                        "artifact": .string(input.artifact),
                    ]
                })
        }
        if let costUSD { json["cost_usd"] = .double(costUSD) }
        return json
    }
}
