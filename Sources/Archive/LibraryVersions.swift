private import CLibArchive
private import CLibISAL
private import CLibZ
private import CLibZstd

/// The libraries that determine a layer's bytes: the same versions give the same digests.
package enum LibraryVersions {
    /// Versions by library name.
    package static let all: [String: String] = [
        "libarchive": String(String(cString: archive_version_string()).drop { $0 != " " }.dropFirst()),
        "isa-l": "\(ISAL_MAJOR_VERSION).\(ISAL_MINOR_VERSION).\(ISAL_PATCH_VERSION)",
        "zlib": String(cString: zlibVersion()),
        "zstd": String(cString: ZSTD_versionString()),
    ]
}
