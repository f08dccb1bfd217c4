import POSIX
package import SystemPackage

/// The paths in this checkout that tests need.
package enum Checkout {
    /// The folder that contains Package.swift.
    package static let root = FilePath(#filePath).removingLastComponent().removingLastComponent()
        .removingLastComponent()

    /// The folder in which `make setup-test` installs tools that are not Debian packages.
    package static let cache =
        ProcessEnvironment.value("CAASCTL_CACHE").map { FilePath($0) } ?? root.appending(".cache")

    /// The folder of the built programs: the release build, unless CAASCTL_BIN names another one.
    package static let binaries =
        ProcessEnvironment.value("CAASCTL_BIN").map { FilePath($0) } ?? root.appending(".build/release")

    /// Returns the path of one of the built programs.
    package static func program(_ name: String) -> String { binaries.appending(name).string }

    /// The Python interpreter that `make setup-test` installs, with boto3, botocore and jsonschema.
    package static let python = cache.appending("python/bin/python").string
}
