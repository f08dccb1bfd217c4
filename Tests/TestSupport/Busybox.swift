public import SystemPackage

/// The static busybox of which tests make images.
public enum Busybox {
    /// Its file, wherever PATH has it.
    public static func path() async throws -> FilePath {
        FilePath(try await Command("sh", ["-c", "command -v busybox"]).succeed())
    }
}
