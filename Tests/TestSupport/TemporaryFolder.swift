public import POSIX
public import SystemPackage

/// A folder of a test's own that is gone when the test is over.
public final class TemporaryFolder: Sendable {
    /// Where it is, without symbolic links on the way.
    public let path: FilePath

    /// Makes a new empty folder.
    public init() throws(POSIXError) {
        path = try FileSystem.makeTemporaryFolder(in: FileSystem.realPath("/tmp"), prefix: "caasctl-test-")
    }

    deinit { try? FileSystem.removeTree(path) }

    /// A path below it.
    public func callAsFunction(_ relative: String) -> FilePath { path.appending(relative) }

    /// Writes a file below it, with the folders above it.
    @discardableResult
    public func write(_ relative: String, _ content: String, mode: UInt32 = 0o644) throws(POSIXError) -> FilePath {
        let file = path.appending(relative)
        try FileSystem.makeFolder(file.removingLastComponent())
        try FileSystem.write(Array(content.utf8), to: file, mode: mode, exactly: true)
        return file
    }
}
