package import SystemPackage

extension FilePath {
    /// The path of a file as somebody typed it; nil where that can only be a folder, since a slash, `.` or `..` ends it.
    ///
    /// A path forgets the slash at its end, and with it that whatever goes there goes into a folder.
    package init?(ofFile text: String) {
        let path = FilePath(text)
        guard text.utf8.last != UInt8(ascii: "/"), path.lastComponent?.kind == .regular else { return nil }
        self = path
    }
}
