private import POSIX
private import RunContract
package import Secrets
package import SystemPackage

/// The source of variables and secrets: the environment first, then the file of `--env-file`.
package struct Settings: Sendable, CustomStringConvertible {
    private let environment: [String: String]
    private let file: [String: String]

    /// Creates settings from the environment and a file, which only its owner may be able to read.
    package init(environment: [String: String], file: FilePath? = nil) throws {
        self.environment = environment
        self.file =
            try file.map { (path) in try EnvironmentFile(reading: path).variables } ?? [:]
    }

    /// Returns a variable's value, or nil if it is unset; an empty value in the environment does not hide the file's.
    package subscript(name: String) -> String? {
        if let value = environment[name], !value.isEmpty { return value }
        return file[name] ?? environment[name]
    }

    /// Returns a variable that is set and not empty.
    ///
    /// For the bucket's variables, the names that AWS's tools use count too.
    package func secret(_ name: String) -> Secret? {
        if let value = self[name], !value.isEmpty { return Secret(value) }
        guard let other = EnvironmentName.alternatives[name], let value = self[other], !value.isEmpty else {
            return nil
        }
        return Secret(value)
    }

    /// Returns the same as ``secret(_:)`` as plain text, for a variable that is not secret.
    package func text(_ name: String) -> String? { secret(name)?.unredacted }

    /// A text without the values, which may be secret.
    package var description: String { "settings of \(environment.count + file.count) variables" }
}
