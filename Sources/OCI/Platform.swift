package import JSON
import Wording

/// The platform of an image: `os/architecture[/variant]`.
///
/// Source: <https://github.com/opencontainers/image-spec/blob/main/image-index.md>.
package struct Platform: Sendable, Hashable, CustomStringConvertible {
    /// The operating system by Go's GOOS: `linux`.
    package let os: String
    /// The architecture by Go's GOARCH: `amd64`, `arm64`.
    package let architecture: String
    /// The variant of the architecture, such as `v8` for arm64.
    package let variant: String?

    package init(os: String, architecture: String, variant: String? = nil) {
        self.os = os
        self.architecture = architecture
        self.variant = variant
    }

    /// Parses `linux/amd64` or `linux/arm64/v8`.
    package init(_ text: String) throws {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (2...3).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }) else {
            throw Failure("read platform '\(text)'", "it is not os/architecture, as in linux/amd64")
        }
        // The names of `uname -m`.
        let known = ["x86_64": "amd64", "aarch64": "arm64"][parts[1]]
        self.init(os: parts[0], architecture: known ?? parts[1], variant: parts.count == 3 ? parts[2] : nil)
    }

    /// The platform for which this program was built.
    package static var current: Platform {
        #if arch(arm64)
        Platform(os: "linux", architecture: "arm64")
        #else
        Platform(os: "linux", architecture: "amd64")
        #endif
    }

    /// The text that ``init(_:)`` parses.
    package var description: String { "\(os)/\(architecture)" + (variant.map { "/\($0)" } ?? "") }

    /// Decodes the `platform` of an index's descriptor.
    package init(json: JSONValue) throws {
        self.init(
            os: try json.text("os"), architecture: try json.text("architecture"),
            variant: try json.optionalText("variant"))
    }

    /// The JSON that ``init(json:)`` decodes.
    package var json: JSONValue {
        var json: JSONValue = ["architecture": .string(architecture), "os": .string(os)]
        if let variant { json["variant"] = .string(variant) }
        return json
    }
}
