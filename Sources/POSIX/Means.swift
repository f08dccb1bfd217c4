private import CLinux
package import SystemPackage

/// Whether the system has something to give now; what is true now need not be so in a moment.
package enum Means {
    /// Why so many threads and descriptors cannot be had, nil where they can.
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
