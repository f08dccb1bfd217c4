private import CLinux
package import SystemPackage

/// Checks the availability of system resources; the result may be outdated a moment later.
package enum Means {
    /// Returns why this many threads and descriptors are not available; nil where they are.
    package static func missing(threads: Int, descriptors: Int) -> Errno? {
        var opened: [Int32] = []
        defer { for descriptor in opened { close(descriptor) } }
        for _ in 0..<descriptors {
            let descriptor = caas_open("/dev/null", O_RDONLY | O_CLOEXEC, 0)
            guard descriptor >= 0 else { return Errno(rawValue: CLinux.__errno_location().pointee) }
            opened.append(descriptor)
        }
        let gate = ThreadSemaphore()
        defer { for _ in 0..<threads { gate.post() } }
        for _ in 0..<threads {
            if let reason = ThreadStarter.create({ gate.wait() }) { return reason }
        }
        return nil
    }
}
