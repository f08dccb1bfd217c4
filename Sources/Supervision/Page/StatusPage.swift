import RunContract
import Wording
import Timestamps

/// The live page: phase, stages, metrics with their curves, checkpoints, and the end of the log.
struct StatusPage {
    private let snapshot: RunState.Snapshot
    private let tail: [LogRecord]

    init(_ snapshot: RunState.Snapshot, tail: [LogRecord]) {
        self.snapshot = snapshot
        self.tail = tail
    }

    var html: String {
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><title>\(Self.escaped(snapshot.status.run))</title>
        <meta name="viewport" content="width=device-width, initial-scale=1"><meta http-equiv="refresh" content="3">
        <style>\(PageStyle.css)</style></head>
        <body><main>\(heading)\(stages)\(metrics)\(checkpoints)\(log)</main></body></html>
        """
    }

    private var heading: String {
        let status = snapshot.status
        var text = "<h1>\(Self.escaped(status.run))</h1><p><span class=\"phase\">\(status.phase.rawValue)</span>"
        text += " <span class=\"dim\">attempt \(status.attempt), since \(Self.escaped(status.started)),"
        text += " now \(Timestamp.now())</span></p>"
        if !status.reason.isEmpty { text += "<p class=\"bad\">\(Self.escaped(status.reason))</p>" }
        if let code = status.exitCode, code != 0 { text += "<p class=\"bad\">exit code \(code)</p>" }
        if snapshot.isServing { text += "<p>The model answers on this address.</p>" }
        return text
    }

    private var stages: String {
        guard !snapshot.stages.isEmpty else { return "" }
        var rows = ""
        for stage in snapshot.stages {
            let seconds = stage.started.map { started in
                "\((stage.finished ?? .now()).seconds - started.seconds) s"
            }
            let step = stage.name == snapshot.status.stage ? snapshot.status.step.map { "step \($0)" } : nil
            rows += "<tr><td>\(Self.escaped(stage.name))</td><td>\(stage.state.rawValue)</td>"
            rows += "<td>\(seconds ?? "")</td><td>\(step ?? "")</td></tr>"
        }
        return "<h2>Stages</h2><table>\(rows)</table>"
    }

    private var metrics: String {
        guard !snapshot.status.metrics.isEmpty else { return "" }
        var text = "<h2>Metrics</h2>"
        for (name, value) in snapshot.status.metrics.sorted(by: { $0.key < $1.key }) {
            text += "<p>\(Self.escaped(name)): <b>\(Self.escaped(value))</b></p>"
            if let points = snapshot.series[name], points.count > 1 { text += Self.curve(points) }
        }
        return text
    }

    static func curve(_ recorded: [RunState.Point]) -> String {
        let points = PageState.ordered(recorded)
        let xs = points.map(\.x)
        let ys = points.map(\.y)
        guard let left = xs.min(), let right = xs.max(), let low = ys.min(), let high = ys.max() else { return "" }
        let width = max(right - left, 1e-9)
        let height = max(high - low, 1e-9)
        let coordinates = points.map { point in
            "\(((point.x - left) / width * 1000).rounded(1)),\((100 - (point.y - low) / height * 100).rounded(2))"
        }
        return """
            <svg viewBox="-5 -5 1010 110" preserveAspectRatio="none" role="img">\
            <polyline points="\(coordinates.joined(separator: " "))"/></svg>\
            <p class="dim">\(low.rounded(4)) to \(high.rounded(4))</p>
            """
    }

    private var checkpoints: String {
        let names = snapshot.status.checkpoints.suffix(20).reversed().map { "<tr><td>\(Self.escaped($0))</td></tr>" }
        var text = "<h2>Checkpoints in the bucket</h2>"
        text += names.isEmpty ? "<p class=\"dim\">none yet</p>" : "<table>\(names.joined())</table>"
        if let upload = snapshot.upload { text += "<p>uploading \(Self.escaped(upload))</p>" }
        let queued = ByteCount(snapshot.status.queuedBytes)
        return text + "<p class=\"dim\">\(ByteCount(snapshot.uploadedBytes)) uploaded, \(queued) wait</p>"
    }

    private var log: String {
        let lines = tail.map { Self.escaped(VisibleText.withoutColors($0.shown)) }
        return "<h2>Log</h2><pre>\(lines.joined(separator: "\n"))</pre>"
    }

    static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in VisibleText.text(text).unicodeScalars {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
