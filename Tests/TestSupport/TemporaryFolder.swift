import CLinux
package import POSIX
package import SystemPackage

/// A temporary folder that is removed when the value is released.
package final class TemporaryFolder: Sendable {
    /// The path, without symbolic links in it.
    package let path: FilePath

    /// Creates an empty folder.
    package init() throws(POSIXError) {
        path = try FileSystem.makeTemporaryFolder(in: FileSystem.realPath("/tmp"), prefix: "caasctl-test-")
    }

    /// Removes the folder by `rm`: a debug build of this code takes a minute for fifty thousand files.
    deinit {
        path.withPlatformString { path in
            let arguments = [strdup("rm"), strdup("-rf"), strdup(path)]
            defer { for argument in arguments { free(argument) } }
            var child: pid_t = 0
            if posix_spawnp(&child, "rm", nil, nil, arguments + [nil], caas_environ()) == 0 { waitpid(child, nil, 0) }
        }
        // Removes the folders for which `rm` lacks permissions.
        try? FileSystem.removeTree(path)
    }

    /// Returns a path in the folder.
    package func callAsFunction(_ relative: String) -> FilePath { path.appending(relative) }

    /// Writes a file in the folder, and creates the folders above it.
    @discardableResult
    package func write(_ relative: String, _ content: String, mode: UInt32 = 0o644) throws(POSIXError) -> FilePath {
        let file = path.appending(relative)
        try FileSystem.makeFolder(file.removingLastComponent())
        try FileSystem.write(Array(content.utf8), to: file, mode: mode, exactly: true)
        return file
    }
}
