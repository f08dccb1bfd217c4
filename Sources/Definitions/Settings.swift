private import POSIX
private import RunContract
package import Secrets
package import SystemPackage

/// Where variables and secrets come from: the environment first, then the file that `--env-file` names.
package struct Settings: Sendable, CustomStringConvertible {
    private let environment: [String: String]
    private let file: [String: String]

    /// Reads the file, which must be readable by its owner alone.
    package init(environment: [String: String], file: FilePath? = nil) throws(DefinitionError) {
        self.environment = environment
        self.file =
            try file.map { (path) throws(DefinitionError) in try EnvironmentFile(reading: path).variables } ?? [:]
    }

    /// The value of a variable, nil where it is set nowhere; an empty value in the environment hides none in the file.
    package subscript(name: String) -> String? {
        if let value = environment[name], !value.isEmpty { return value }
        return file[name] ?? environment[name]
    }

    /// A variable that is set and not empty, under its own name or, for the bucket's, the name that AWS's tools read.
    package func secret(_ name: String) -> Secret? {
        if let value = self[name], !value.isEmpty { return Secret(value) }
        guard let other = EnvironmentName.alternatives[name], let value = self[other], !value.isEmpty else {
            return nil
        }
        return Secret(value)
    }

    /// As ``secret(_:)``, for what is none.
    package func text(_ name: String) -> String? { secret(name)?.unredacted }

    /// Says nothing of the values, which may be secrets.
    package var description: String { "settings of \(environment.count + file.count) variables" }
}
