private import CLinux

/// What the machine can do at once.
public enum Processors {
    /// The number of processors that are online.
    public static var count: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}

/// What the machine can hold at once.
public enum PhysicalMemory {
    /// Bytes, of which others may use some.
    public static var bytes: Int64 {
        Int64(max(1, sysconf(Int32(_SC_PHYS_PAGES)))) * Int64(max(1, sysconf(Int32(_SC_PAGESIZE))))
    }
}
