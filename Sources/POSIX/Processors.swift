private import CLinux

/// What the machine can do at once.
public enum Processors {
    /// The number of processors that are online.
    public static var count: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}
