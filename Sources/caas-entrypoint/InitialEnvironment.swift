import ByteText
import CProcessStart

#if canImport(Glibc)
import Glibc
#endif

/// The variables that this process was started with.
enum InitialEnvironment {
    /// Takes them all, once: afterwards they are neither in /proc/1/environ nor in what libraries see.
    ///
    /// To be called before there is a second thread. Where a name comes twice the last one counts: runtimes put what was
    /// sent behind what the image says.
    static func take() -> [String: String] {
        var variables: [String: String] = [:]
        for entry in entries() {
            let parts = String(cString: entry).split(byte: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
            memset(entry, 0, strlen(entry))
        }
        clearenv()
        // libc would read the image's /etc/localtime, and everything of ours is in UTC. <https://sourceware.org/glibc/manual/latest/html_node/TZ-Variable.html>
        setenv("TZ", "/dev/null", 1)
        return variables
    }

    /// Puts something back for libraries.
    static func putBack(_ variables: [String: String]) {
        for (name, value) in variables { setenv(name, value, 1) }
    }

    private static func entries() -> [UnsafeMutablePointer<CChar>] {
        if let aside = caas_environment_set_aside() {
            return (0..<caas_count_set_aside()).compactMap { aside[$0] }
        }
        var entries: [UnsafeMutablePointer<CChar>] = []
        // A debug build begins at libc's start.
        guard var next = caas_environment_of_libc() else { return [] }
        while let entry = next.pointee {
            entries.append(entry)
            next += 1
        }
        return entries
    }
}
