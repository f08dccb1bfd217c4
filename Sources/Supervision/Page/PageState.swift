import JSON
import RunContract
import Timestamps

/// The members of the state that the page reads; docs/container.md lists them.
enum PageState {
    /// Returns all members but the curves and the log.
    static func members(of snapshot: RunState.Snapshot) -> [String: JSONValue] {
        let status = snapshot.status
        var json: [String: JSONValue] = [
            "run": .string(status.run), "phase": .string(status.phase.rawValue), "attempt": .integer(status.attempt),
            "started": .string(status.started), "reason": .string(status.reason), "cause": .optional(status.cause),
            "exit_code": status.exitCode.map { .integer($0) } ?? .null, "upload": .optional(snapshot.upload),
            "queued_bytes": .integer(status.queuedBytes), "uploaded_bytes": .integer(snapshot.uploadedBytes),
            "serving": .bool(snapshot.isServing), "cost_usd": status.costUSD.map { .double($0) } ?? .null,
            "metrics": .object(status.metrics.mapValues(JSONValue.string)),
        ]
        json["price_usd_per_hour"] = snapshot.priceUSDPerHour.map { .double($0) } ?? .null
        json["limit"] = .optional(snapshot.limit)
        json["steps_per_second"] = speed(snapshot).map { .double(($0 * 1000).rounded() / 1000) } ?? .null
        json["phases"] = .array(phases(snapshot))
        json["stages"] = .array(snapshot.stages.map { stage($0, status) })
        json["marks"] = .array(marks(snapshot))
        json["checkpoints"] = .array(checkpoints(snapshot))
        json["gpus"] = .array((snapshot.machine?.gpus ?? []).map(\.json))
        json["host"] = snapshot.machine?.host.json ?? .null
        return json
    }

    private static func phases(_ snapshot: RunState.Snapshot) -> [JSONValue] {
        snapshot.phases.map { phase in
            [
                "name": .string(phase.phase.rawValue), "state": .string(phase.finished == nil ? "running" : "done"),
                "started": .string(phase.started.rfc3339), "finished": .optional(phase.finished?.rfc3339),
            ]
        }
    }

    private static func stage(_ stage: RunState.StageProgress, _ status: RunStatus) -> JSONValue {
        let step = stage.name == status.stage ? status.step : nil
        return [
            "name": .string(stage.name), "state": .string(stage.state.rawValue),
            "started": .optional(stage.started?.rfc3339), "finished": .optional(stage.finished?.rfc3339),
            "step": step.map { .integer($0) } ?? .null,
        ]
    }

    /// Returns the steps a second by the newest values of the curve that has most, nil where that is not known.
    private static func speed(_ snapshot: RunState.Snapshot) -> Double? {
        let newest = snapshot.series.values.max { $0.count < $1.count }?.suffix(30) ?? []
        guard let first = newest.first, let last = newest.last, last.seconds > first.seconds, last.x > first.x else {
            return nil
        }
        return (last.x - first.x) / Double(last.seconds - first.seconds)
    }

    /// Returns the borders of the stages, at the first value that was read after each began.
    private static func marks(_ snapshot: RunState.Snapshot) -> [JSONValue] {
        let longest = snapshot.series.max { ($0.value.count, $1.key) < ($1.value.count, $0.key) }?.value ?? []
        let points = ordered(longest)
        return snapshot.stages.compactMap { stage in
            guard let started = stage.started?.seconds, let first = points.first(where: { $0.seconds >= started })
            else {
                return nil
            }
            return [
                "x": .double(first.x), "seconds": .integer(started), "kind": "stage", "name": .string(stage.name),
            ]
        }
    }

    private static func checkpoints(_ snapshot: RunState.Snapshot) -> [JSONValue] {
        snapshot.safe.map { checkpoint in
            [
                "stage": .string(checkpoint.stage), "step": .integer(checkpoint.step), "state": "verified",
                "bytes": .integer(checkpoint.bytes), "seconds": .integer(checkpoint.time.seconds),
            ]
        }
    }

    /// Shifts the points of each later stage, whose steps begin at zero again, to the right of the earlier ones.
    static func ordered(_ points: [RunState.Point]) -> [RunState.Point] {
        var shift = 0.0
        var last: Double?
        return points.map { point in
            if let last, point.x < last { shift += last - point.x }
            last = point.x
            return RunState.Point(x: point.x + shift, y: point.y, seconds: point.seconds)
        }
    }

    static func json(_ point: RunState.Point) -> JSONValue {
        [.double(point.x), .double(point.y), .integer(point.seconds)]
    }
}
