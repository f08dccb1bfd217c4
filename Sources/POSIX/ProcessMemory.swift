private import CLinux

/// The settings of this process's memory allocator.
package enum ProcessMemory {
    /// Makes glibc return large buffers to the system as soon as they are freed.
    ///
    /// Otherwise glibc raises its mmap threshold when the first large buffer is freed, and keeps later ones.
    /// <https://man7.org/linux/man-pages/man3/mallopt.3.html>
    package static func returnLargeBuffers() { _ = mallopt(M_MMAP_THRESHOLD, 256 << 10) }
}
