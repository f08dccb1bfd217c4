public import SystemPackage

/// The folder that holds everything caasctl keeps for its user: store, cache, runs, sandbox, key.
public enum HomeFolder {
    /// `CAASCTL_HOME`, else the XDG data folder's `caasctl`.
    ///
    /// Source: <https://specifications.freedesktop.org/basedir-spec/latest/>.
    public static func path(environment: [String: String] = ProcessEnvironment.all()) -> FilePath {
        if let home = environment["CAASCTL_HOME"], !home.isEmpty { return FilePath(home) }
        // The specification wants a relative path in these variables to be ignored.
        if let data = environment["XDG_DATA_HOME"], data.hasPrefix("/") { return FilePath(data).appending("caasctl") }
        return FilePath(environment["HOME"] ?? "/").appending(".local/share/caasctl")
    }
}
