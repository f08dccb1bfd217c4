/// The time that files get in an image where the user names no other.
package enum ImageEpoch {
    /// 1980-01-01T00:00:00Z in seconds since 1970.
    ///
    /// It is the oldest time that a zip can store, and so can wheels, eggs and zipapps that are made from an image's
    /// files.
    package static let standard: Int64 = 315_532_800
}
