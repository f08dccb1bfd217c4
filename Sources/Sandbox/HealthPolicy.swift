import JSON

/// When a container that does not answer is given up.
package struct HealthPolicy: Sendable, Equatable {
    /// Seconds after the start in which a container need not answer yet.
    package var startPeriod: Int
    /// Seconds between two questions.
    package var interval: Int
    /// Failures in a row that end a container.
    package var failures: Int

    /// The sandbox's own choice: io.net publishes neither path nor times.
    package init(startPeriod: Int = 60, interval: Int = 5, failures: Int = 3) {
        self.startPeriod = startPeriod
        self.interval = interval
        self.failures = failures
    }

    init(json: JSONValue) throws(JSONError) {
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
