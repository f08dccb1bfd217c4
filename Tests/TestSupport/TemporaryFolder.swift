import CLinux
package import POSIX
package import SystemPackage

/// A folder of a test's own that is gone when the test is over.
package final class TemporaryFolder: Sendable {
    /// Where it is, without symbolic links on the way.
    package let path: FilePath

    /// Makes a new empty folder.
    package init() throws(POSIXError) {
        path = try FileSystem.makeTemporaryFolder(in: FileSystem.realPath("/tmp"), prefix: "caasctl-test-")
    }

    /// By another program: a debug build takes a minute for fifty thousand files.
    deinit {
        path.withPlatformString { path in
            let arguments = [strdup("rm"), strdup("-rf"), strdup(path)]
            defer { for argument in arguments { free(argument) } }
            var child: pid_t = 0
            if posix_spawnp(&child, "rm", nil, nil, arguments + [nil], caas_environ()) == 0 { waitpid(child, nil, 0) }
        }
        // What `rm` may not enter.
        try? FileSystem.removeTree(path)
    }

    /// A path below it.
    package func callAsFunction(_ relative: String) -> FilePath { path.appending(relative) }

    /// Writes a file below it, with the folders above it.
    @discardableResult
    package func write(_ relative: String, _ content: String, mode: UInt32 = 0o644) throws(POSIXError) -> FilePath {
        let file = path.appending(relative)
        try FileSystem.makeFolder(file.removingLastComponent())
        try FileSystem.write(Array(content.utf8), to: file, mode: mode, exactly: true)
        return file
    }
}
