import ByteText
private import CLinux

/// The current environment of this process.
package enum ProcessEnvironment {
    /// Returns the value of a variable; nil where it is not set.
    package static func value(_ name: String) -> String? {
        guard let text = getenv(name) else { return nil }
        return String(cString: text)
    }

    /// Returns every variable by name.
    package static func all() -> [String: String] {
        var variables: [String: String] = [:]
        guard var entry = caas_environ() else { return variables }
        while let text = entry.pointee {
            let parts = String(cString: text).split(byte: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
            entry += 1
        }
        return variables
    }
}
