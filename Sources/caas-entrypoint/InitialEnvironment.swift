import ByteText
import CProcessStart

#if canImport(Glibc)
import Glibc
#endif

/// The environment variables with which this process was started.
enum InitialEnvironment {
    /// Takes all variables, once: afterwards neither /proc/1/environ nor the environment of libraries contains them.
    ///
    /// Call it before there is a second thread. If a name occurs twice, the last one counts: runtimes append the
    /// variables of the deployment to those of the image.
    static func take() -> [String: String] {
        var variables: [String: String] = [:]
        for entry in entries() {
            let parts = String(cString: entry).split(byte: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
            memset(entry, 0, strlen(entry))
        }
        clearenv()
        // libc would read the image's /etc/localtime, but the entrypoint uses only UTC.
        // <https://sourceware.org/glibc/manual/latest/html_node/TZ-Variable.html>
        setenv("TZ", "/dev/null", 1)
        return variables
    }

    /// Sets variables again, for libraries.
    static func putBack(_ variables: [String: String]) {
        for (name, value) in variables { setenv(name, value, 1) }
    }

    private static func entries() -> [UnsafeMutablePointer<CChar>] {
        if let aside = caas_environment_set_aside() {
            return (0..<caas_count_set_aside()).compactMap { aside[$0] }
        }
        var entries: [UnsafeMutablePointer<CChar>] = []
        // A debug build begins at libc's own entry point.
        guard var next = caas_environment_of_libc() else { return [] }
        while let entry = next.pointee {
            entries.append(entry)
            next += 1
        }
        return entries
    }
}
