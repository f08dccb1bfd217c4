package import SystemPackage

/// The static busybox from which tests build images.
package enum Busybox {
    /// Returns the path of its file, which is in a folder of PATH.
    package static func path() async throws -> FilePath {
        FilePath(try await Command("sh", ["-c", "command -v busybox"]).succeed())
    }
}
