private import CLinux
import Wording

/// The encoding that libarchive assumes for names.
enum CharacterEncoding {
    /// Sets it to UTF-8, once per process: libarchive uses the locale, so its output would depend on the user's.
    ///
    /// C.UTF-8 is built into glibc 2.35 and is in Debian's libc-bin. Only LC_CTYPE is set, so that nothing else
    /// changes.
    static let isUTF8: Bool = setlocale(LC_CTYPE, "C.UTF-8") != nil

    static func require(_ action: String) throws {
        guard isUTF8 else { throw Failure(action, "this system has no locale C.UTF-8") }
    }
}
