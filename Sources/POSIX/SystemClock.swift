private import CLinux
private import Glibc

/// The clock of this machine; files get times that can lie before it, see ``FileSystem/time(in:)``.
package enum SystemClock {
    /// Nanoseconds since 1970. <https://man7.org/linux/man-pages/man2/clock_gettime.2.html>
    package static var nanoseconds: Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
    }
}
