import POSIX

/// The environment variables that programs inherit if they process other people's files.
///
/// These are paths, network settings and the program's own settings, but no keys for clouds and buckets.
enum ProgramEnvironment {
    private static let common: Set<String> = [
        "PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "http_proxy", "https_proxy",
        "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR",
        "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC",
    ]

    /// The names of the variables that Python's installers inherit.
    static var python: Set<String> { names(["PIP_", "UV_"]) }
    /// The names of the variables that git inherits.
    static var git: Set<String> { names(["GIT_", "SSH_AUTH_SOCK", "SSH_AGENT_PID"]) }

    private static func names(_ prefixes: [String]) -> Set<String> {
        common.union(ProcessEnvironment.all().keys.filter { name in prefixes.contains { name.hasPrefix($0) } })
    }
}
