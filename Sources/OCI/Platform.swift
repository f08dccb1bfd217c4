package import JSON

/// What an image runs on: `os/architecture[/variant]`.
///
/// Source: <https://github.com/opencontainers/image-spec/blob/main/image-index.md>.
package struct Platform: Sendable, Hashable, CustomStringConvertible {
    /// As in Go's GOOS: `linux`.
    package let os: String
    /// As in Go's GOARCH: `amd64`, `arm64`.
    package let architecture: String
    /// Such as `v8` for arm64.
    package let variant: String?

    /// A platform from its parts.
    package init(os: String, architecture: String, variant: String? = nil) {
        self.os = os
        self.architecture = architecture
        self.variant = variant
    }

    /// Parses `linux/amd64` or `linux/arm64/v8`.
    package init(_ text: String) throws(OCIError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (2...3).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }) else {
            throw OCIError("read platform '\(text)'", "it is not os/architecture, as in linux/amd64")
        }
        // What uname calls them.
        let known = ["x86_64": "amd64", "aarch64": "arm64"][parts[1]]
        self.init(os: parts[0], architecture: known ?? parts[1], variant: parts.count == 3 ? parts[2] : nil)
    }

    /// What this program was built for.
    package static var current: Platform {
        #if arch(arm64)
        Platform(os: "linux", architecture: "arm64")
        #else
        Platform(os: "linux", architecture: "amd64")
        #endif
    }

    /// The form that ``init(_:)`` reads.
    package var description: String { "\(os)/\(architecture)" + (variant.map { "/\($0)" } ?? "") }

    /// Reads the `platform` of an index's descriptor.
    package init(json: JSONValue) throws(JSONError) {
        self.init(
            os: try json.text("os"), architecture: try json.text("architecture"),
            variant: try json.optionalText("variant"))
    }

    /// The form that ``init(json:)`` reads.
    package var json: JSONValue {
        var json: JSONValue = ["architecture": .string(architecture), "os": .string(os)]
        if let variant { json["variant"] = .string(variant) }
        return json
    }
}
