import POSIX
package import SystemPackage

/// Where this checkout keeps what tests need.
package enum Checkout {
    /// The folder that holds Package.swift.
    package static let root = FilePath(#filePath).removingLastComponent().removingLastComponent()
        .removingLastComponent()

    /// Where `make setup-test` put what is no Debian package.
    package static let cache =
        ProcessEnvironment.value("CAASCTL_CACHE").map { FilePath($0) } ?? root.appending(".cache")

    /// The built programs: the release build unless CAASCTL_BIN names another folder.
    package static let binaries =
        ProcessEnvironment.value("CAASCTL_BIN").map { FilePath($0) } ?? root.appending(".build/release")

    /// One of the built programs.
    package static func program(_ name: String) -> String { binaries.appending(name).string }

    /// The Python of `make setup-test`, with boto3 and botocore.
    package static let python = cache.appending("python/bin/python").string
}
