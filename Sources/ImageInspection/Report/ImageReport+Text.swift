import JSON
import OCI
import Terminal
import Wording

extension ImageReport {
    /// The report as text.
    package var text: String {
        var lines = ["name         \(name)"]
        if images.count != 1 || descriptor.digest != images[0].image.descriptor.digest {
            lines.append("index        \(descriptor.digest)")
        }
        for (number, entry) in images.enumerated() {
            if number > 0 { lines.append("") }
            lines += Self.lines(entry.image, entry.layers)
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func lines(_ image: PlatformImage, _ layers: [Layer]) -> [String] {
        let config = image.config
        let annotations = image.manifest.annotations
        let base = image.base.map { base in base.name + (base.digest.map { "@\($0)" } ?? "") }
        let count = layers.count == 1 ? "1 layer" : "\(layers.count) layers"
        let fields: [(String, String?)] = [
            ("digest", image.descriptor.digest.description), ("platform", config.platform.description),
            ("created", config.created), ("size", "\(ByteCount(image.compressedSize)) in \(count)"), ("base", base),
            ("entrypoint", command(config["Entrypoint"])), ("command", command(config["Cmd"])),
            ("workdir", config["WorkingDir"]?.string), ("user", config["User"]?.string),
            ("ports", names(config["ExposedPorts"])), ("volumes", names(config["Volumes"])),
            ("stop signal", config["StopSignal"]?.string),
        ]
        var lines = fields.compactMap { name, value in
            value.flatMap { $0.isEmpty ? nil : name.padding(to: 13) + shown($0) }
        }
        lines += section("environment", config.environment.map { "\($0.name)=\($0.value)" })
        lines += section("labels", pairs(config["Labels"]?.object ?? [:]))
        lines += section("annotations", pairs(annotations.mapValues(JSONValue.string)))
        for layer in layers {
            let title = "annotations of layer \(layer.descriptor.digest.short)"
            lines += section(title, pairs(layer.descriptor.annotations.mapValues(JSONValue.string)))
        }
        return lines + table(layers)
    }

    private static func table(_ layers: [Layer]) -> [String] {
        var table = Table("LAYER", "SIZE", "MADE BY")
        for layer in layers {
            let origin = layer.createdBy.map(shown) ?? "(history does not say)"
            table.append(
                layer.descriptor.digest.short, ByteCount(layer.descriptor.size).description,
                origin + (layer.isPresent ? "" : " (not here)"))
        }
        return table.description.split(separator: "\n").map(String.init)
    }

    private static func section(_ title: String, _ lines: [String]) -> [String] {
        lines.isEmpty ? [] : [title] + lines.map { "  " + shown($0) }
    }

    private static func pairs(_ object: [String: JSONValue]) -> [String] {
        object.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.string ?? $0.value.text)" }
    }

    private static func command(_ value: JSONValue?) -> String? {
        guard let words = value?.array, !words.isEmpty else { return nil }
        return value?.text
    }

    private static func names(_ value: JSONValue?) -> String {
        (value?.object ?? [:]).keys.sorted().joined(separator: " ")
    }

    /// Returns text from the image on one line, without control characters, which could affect the terminal.
    private static func shown(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
    }
}

extension String {
    fileprivate func padding(to width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - count))
    }
}
