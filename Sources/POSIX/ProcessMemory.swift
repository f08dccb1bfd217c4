private import CLinux

/// How this process takes memory from the system.
package enum ProcessMemory {
    /// Gives buffers back to the system as soon as they are freed.
    ///
    /// Otherwise glibc raises the bound from which it maps memory by itself with the first big buffer that is freed,
    /// and keeps those that follow. <https://man7.org/linux/man-pages/man3/mallopt.3.html>
    package static func returnLargeBuffers() { _ = mallopt(M_MMAP_THRESHOLD, 256 << 10) }
}
