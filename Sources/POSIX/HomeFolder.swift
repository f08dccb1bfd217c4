import ByteText
package import SystemPackage

/// The folder that holds all of caasctl's data for its user: store, cache, runs, sandbox, key.
package enum HomeFolder {
    /// Why a folder is not accepted.
    package struct Refusal: Error, CustomStringConvertible {
        /// One line with advice.
        package let description: String
    }

    /// Returns `CAASCTL_HOME`, or else `caasctl` in the XDG data folder.
    ///
    /// <https://specifications.freedesktop.org/basedir-spec/latest/>
    package static func path(environment: [String: String] = ProcessEnvironment.all()) -> FilePath {
        if let home = environment["CAASCTL_HOME"], !home.isEmpty { return FilePath(home) }
        // The specification requires relative paths in these variables to be ignored.
        if let data = environment["XDG_DATA_HOME"], data.hasPrefix(bytes: "/") {
            return FilePath(data).appending("caasctl")
        }
        return FilePath(environment["HOME"] ?? "/").appending(".local/share/caasctl")
    }

    /// Opens the folder, creates a missing one, and makes it accessible to its owner only.
    ///
    /// It contains unpacked images with set-user-ID programs, and the user's private files in layers.
    package static func open(environment: [String: String] = ProcessEnvironment.all()) throws -> FilePath {
        let path = path(environment: environment)
        let parent = path.removingLastComponent()
        if !parent.isEmpty { try FileSystem.makeFolder(parent, mode: 0o777) }
        try FileSystem.makeFolder(path, mode: 0o700)
        let status = try FileStatus(path, followingLinks: true)
        guard status.mode & 0o077 != 0 else { return path }
        // Shared folders such as /tmp and / of root.
        let isShared = status.mode & 0o1000 != 0 || path == "/"
        guard !isShared, status.user == CurrentUser.id || CurrentUser.id == 0 else {
            throw Refusal(
                description: "cannot keep images and keys in \(path): others use it; name a folder of its own "
                    + "by CAASCTL_HOME, or type: chmod 700 \(path)")
        }
        try FileSystem.setMode(path, 0o700)
        return path
    }
}
