import JSON

/// The conditions under which a container that does not answer is ended.
package struct HealthPolicy: Sendable, Equatable {
    /// Seconds after the start within which a failed check has no effect.
    package var startPeriod: Int
    /// Seconds between two checks.
    package var interval: Int
    /// The number of consecutive failures that end a container.
    package var failures: Int

    /// The defaults are the sandbox's own: io.net publishes neither the path nor the times of its health check.
    package init(startPeriod: Int = 60, interval: Int = 5, failures: Int = 3) {
        self.startPeriod = startPeriod
        self.interval = interval
        self.failures = failures
    }

    init(json: JSONValue) throws {
        self.init(
            startPeriod: try json.whole("start_period"), interval: try json.whole("interval"),
            failures: try json.whole("failures"))
    }

    var json: JSONValue {
        [
            "start_period": .integer(startPeriod), "interval": .integer(interval), "failures": .integer(failures),
        ]
    }
}
