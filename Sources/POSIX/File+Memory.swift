private import CLinux
import SystemPackage

extension File {
    /// A file that is in memory alone and ends with its last user, at whose beginning its reader stands.
    ///
    /// What a child process is to read: one that does not read it leaves no broken pipe, whose signal would end us too.
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
