/// The version that `--version` prints, and the newest heading of CHANGELOG.md.
enum Version {
    static let current = "0.1.0"
}
