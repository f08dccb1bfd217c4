private import CLinux

/// What the machine can do at once.
package enum Processors {
    /// The number of processors that are online.
    package static var count: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}

/// What the machine can hold at once.
package enum PhysicalMemory {
    /// Bytes, of which others may use some.
    package static var bytes: Int64 {
        Int64(max(1, sysconf(Int32(_SC_PHYS_PAGES)))) * Int64(max(1, sysconf(Int32(_SC_PAGESIZE))))
    }
}
