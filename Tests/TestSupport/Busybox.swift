package import SystemPackage

/// The static busybox of which tests make images.
package enum Busybox {
    /// Its file, wherever PATH has it.
    package static func path() async throws -> FilePath {
        FilePath(try await Command("sh", ["-c", "command -v busybox"]).succeed())
    }
}
