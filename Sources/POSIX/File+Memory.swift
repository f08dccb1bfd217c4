private import CLinux
import SystemPackage

extension File {
    /// Creates a file that exists only in memory and ends with its last descriptor; its offset is at the beginning.
    ///
    /// It serves as input for a child process. A child that does not read it causes no broken pipe, whose signal would
    /// end this process too.
    package static func inMemory(_ content: [UInt8], name: String) throws(POSIXError) -> File {
        let path = FilePath(name)
        let descriptor = caas_memfd_create(name)
        guard descriptor >= 0 else { throw POSIXError.last("make", path) }
        let file = File(owning: descriptor, path: path)
        try file.write(content)
        guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw POSIXError.last("rewind", path) }
        return file
    }
}
