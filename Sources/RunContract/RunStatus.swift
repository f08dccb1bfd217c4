package import JSON

/// status.json: the current state of a run, rewritten at each change of phase, else at most every ten seconds.
package struct RunStatus: Sendable, Hashable {
    /// The phases of a run in order.
    package enum Phase: String, Sendable, Hashable {
        case preflight, restore, stages, drain, verify, serve, complete, failed
    }

    package var run: String
    /// Counts the starts of the run from 1.
    package var attempt: Int
    /// Random for each start, so that two containers with the same attempt can be told apart.
    package var instance: String
    package var phase: Phase
    /// One line that says why the run failed or waits, empty if there is no problem.
    package var reason: String
    /// The class of a stage's failure, such as `gpu-memory`, nil without one.
    package var cause: String?
    /// The exit code of a failure, nil without one.
    package var exitCode: Int?
    /// The stage that runs or ran last.
    package var stage: String?
    /// The newest step in the program's log.
    package var step: Int?
    /// The newest values of the program's metrics.
    package var metrics: [String: String]
    /// All uploaded checkpoints as `<stage>/<step>`, the newest last.
    package var checkpoints: [String]
    /// What the run has cost so far in dollars, all attempts together; nil where no price is known.
    package var costUSD: Double?
    /// Bytes in the upload queue.
    package var queuedBytes: Int64
    /// RFC 3339, start of this attempt.
    package var started: String
    /// RFC 3339, time of this update.
    package var updated: String

    /// Creates the status of an attempt that has just begun.
    package init(run: String, attempt: Int, instance: String, started: String) {
        self.run = run
        self.attempt = attempt
        self.instance = instance
        self.started = started
        phase = .preflight
        reason = ""
        metrics = [:]
        checkpoints = []
        queuedBytes = 0
        updated = started
    }

    package init(json: JSONValue) throws {
        self.init(
            run: try json.text("run"), attempt: try json.whole("attempt"), instance: try json.text("instance"),
            started: try json.text("started"))
        guard let phase = Phase(rawValue: try json.text("phase")) else { throw JSONError("'phase' is unknown") }
        self.phase = phase
        reason = try json.text("reason")
        cause = try json.optionalText("cause")
        exitCode = try json.optionalWhole("exit_code")
        stage = try json.optionalText("stage")
        step = try json.optionalWhole("step")
        metrics = try json.textMap("metrics")
        checkpoints = try json.texts("checkpoints")
        costUSD = json["cost_usd"]?.double
        queuedBytes = Int64(try json.optionalWhole("queued_bytes") ?? 0)
        updated = try json.text("updated")
    }

    /// The form that ``init(json:)`` reads.
    package var json: JSONValue {
        var json: JSONValue = [
            "run": .string(run), "attempt": .integer(attempt), "instance": .string(instance),
            "phase": .string(phase.rawValue), "reason": .string(reason), "started": .string(started),
            "updated": .string(updated), "metrics": .object(metrics.mapValues(JSONValue.string)),
            "checkpoints": .array(checkpoints.map(JSONValue.string)), "queued_bytes": .integer(queuedBytes),
        ]
        if let costUSD { json["cost_usd"] = .double(costUSD) }
        if let cause { json["cause"] = .string(cause) }
        if let exitCode { json["exit_code"] = .integer(exitCode) }
        if let stage { json["stage"] = .string(stage) }
        if let step { json["step"] = .integer(step) }
        return json
    }
}
