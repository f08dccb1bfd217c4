package import SystemPackage

extension FilePath {
    /// Creates the path of a file from user input; nil for a path that can only be a folder.
    ///
    /// Such a path ends in a slash, `.` or `..`. FilePath drops a trailing slash, and with it the information that the path
    /// names a folder.
    package init?(ofFile text: String) {
        let path = FilePath(text)
        guard text.utf8.last != UInt8(ascii: "/"), path.lastComponent?.kind == .regular else { return nil }
        self = path
    }
}
