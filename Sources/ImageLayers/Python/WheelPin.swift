import JSON

/// A chosen package: its version, and the allowed digests of its wheel.
struct WheelPin: Sendable, Hashable {
    /// The normalized name. <https://packaging.python.org/en/latest/specifications/name-normalization/>
    let name: String
    /// The version or the requested URL, as in `==1.0` or `@ https://…`.
    let selector: String
    /// The SHA-256 digests in hexadecimal, sorted.
    let hashes: [String]

    init(name: String, selector: String, hashes: [String]) {
        self.name = name.lowercased().replacing(#/[-_.]+/#, with: "-")
        self.selector = selector
        self.hashes = hashes.sorted()
    }

    /// The line for a requirements file.
    var line: String {
        "\(name)\(selector.hasPrefix("@") ? " " : "")\(selector)" + hashes.map { " --hash=sha256:\($0)" }.joined()
    }

    var json: JSONValue {
        [
            "name": .string(name), "version": .string(selector.withoutUser),
            "sha256": .array(hashes.map { .string($0) }),
        ]
    }

    /// Parses the list in a lock.
    static func list(locked: JSONValue) -> [WheelPin] {
        (locked.array ?? []).compactMap { item in
            guard let name = try? item.text("name"), let version = try? item.text("version"),
                let hashes = try? item.texts("sha256")
            else { return nil }
            return WheelPin(name: name, selector: version, hashes: hashes)
        }
    }

    /// Parses the requirements file that `uv pip compile` writes.
    static func list(compiled text: String) -> [WheelPin] {
        text.replacing("\\\n", with: " ").split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ").map(String.init)
            guard let first = words.first, !first.hasPrefix("#"), !first.hasPrefix("-") else { return nil }
            let hashes = words.filter { $0.hasPrefix("--hash=sha256:") }.map { String($0.dropFirst(14)) }
            if words.count > 2, words[1] == "@" {
                return WheelPin(name: first, selector: "@ \(words[2])", hashes: hashes)
            }
            guard let range = first.firstRange(of: "==") else { return nil }
            return WheelPin(
                name: String(first[..<range.lowerBound]), selector: String(first[range.lowerBound...]), hashes: hashes)
        }.sorted { $0.name < $1.name }
    }

    /// Parses pip's report. <https://pip.pypa.io/en/stable/reference/installation-report/>
    static func list(report: JSONValue) throws -> [WheelPin] {
        var pins: [WheelPin] = []
        for item in try report.list("install") {
            let metadata = try item.member("metadata")
            let download = try item.member("download_info")
            let hash =
                download["archive_info"]?["hashes"]?["sha256"]?.string
                ?? download["archive_info"]?["hash"]?.string.map { String($0.drop { $0 != "=" }.dropFirst()) }
            let isDirect = item["is_direct"]?.bool == true
            pins.append(
                WheelPin(
                    name: try metadata.text("name"),
                    selector: isDirect ? "@ \(try download.text("url"))" : "==\(try metadata.text("version"))",
                    hashes: hash.map { [$0] } ?? []))
        }
        return pins.sorted { $0.name < $1.name }
    }
}
