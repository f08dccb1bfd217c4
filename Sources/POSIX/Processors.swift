private import CLinux

/// The processors of the machine.
package enum Processors {
    /// The number of online processors.
    package static var count: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}

/// The memory of the machine.
package enum PhysicalMemory {
    /// The total in bytes, part of which other processes use.
    package static var bytes: Int64 {
        Int64(max(1, sysconf(Int32(_SC_PHYS_PAGES)))) * Int64(max(1, sysconf(Int32(_SC_PAGESIZE))))
    }
}
