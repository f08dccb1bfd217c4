private import CLinux

/// The encoding that libarchive takes names to be in.
enum CharacterEncoding {
    /// Makes it UTF-8, once for the process: libarchive asks the locale, and its bytes would differ with the user's.
    ///
    /// C.UTF-8 is built into glibc 2.35 and in Debian's libc-bin. Only LC_CTYPE is set, so that nothing else changes.
    static let isUTF8: Bool = setlocale(LC_CTYPE, "C.UTF-8") != nil

    static func require(_ action: String) throws(ArchiveError) {
        guard isUTF8 else { throw ArchiveError(action, "this system has no locale C.UTF-8") }
    }
}
