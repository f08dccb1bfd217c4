import RunContract

/// The board's state in Prometheus's text format.
///
/// <https://prometheus.io/docs/instrumenting/exposition_formats/>
enum PrometheusText {
    static func make(_ snapshot: RunState.Snapshot) -> String {
        let status = snapshot.status
        var text = ""
        func gauge(_ name: String, _ help: String, _ samples: [(labels: String, value: String)], type: String = "gauge")
        {
            text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
            for sample in samples { text += "\(name)\(sample.labels) \(sample.value)\n" }
        }
        gauge("caas_phase", "What the run does now.", [("{phase=\"\(status.phase.rawValue)\"}", "1")])
        gauge("caas_attempt", "The number of this start of the run.", [("", "\(status.attempt)")])
        if let step = status.step { gauge("caas_step", "The newest step in the log.", [("", "\(step)")]) }
        let values = status.metrics.sorted { $0.key < $1.key }.compactMap { name, value in
            MetricNumber.value(value).map { ("{name=\"\(name)\"}", "\($0)") }
        }
        if !values.isEmpty { gauge("caas_metric", "The newest value in the log.", values) }
        gauge("caas_queued_bytes", "Bytes that wait for their upload.", [("", "\(status.queuedBytes)")])
        gauge(
            "caas_uploaded_bytes_total", "Bytes of checkpoints and outputs that this start uploaded.",
            [("", "\(snapshot.uploadedBytes)")], type: "counter")
        gauge(
            "caas_checkpoints_total", "Checkpoints that this start uploaded and verified.",
            [("", "\(snapshot.uploadedCheckpoints)")], type: "counter")
        return text
    }
}
