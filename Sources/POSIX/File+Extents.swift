private import CLinux
private import SystemPackage

extension File {
    /// After this number the rest of the file counts as one extent: the list must not grow with the file.
    private static let mostExtents = 16_384

    /// Returns the ranges of the file that have content, in order; the gaps are holes and read as zeros.
    ///
    /// Leaves the file offset at 0. A file system without support for holes reports the whole file as content.
    /// <https://man7.org/linux/man-pages/man2/lseek.2.html>
    package func extents(size: Int64) throws(POSIXError) -> [Range<Int64>] {
        var extents: [Range<Int64>] = []
        var position: Int64 = 0
        while position < size {
            // Only a hole is left.
            guard let start = try seek(position, SEEK_DATA), start < size else { break }
            let end = extents.count + 1 < Self.mostExtents ? try seek(start, SEEK_HOLE) ?? size : size
            extents.append(start..<min(max(end, start), size))
            position = end
        }
        _ = try seek(0, SEEK_SET)
        return extents
    }

    private func seek(_ offset: Int64, _ origin: Int32) throws(POSIXError) -> Int64? {
        let result = lseek(descriptor, off_t(offset), origin)
        if result >= 0 { return Int64(result) }
        let error = POSIXError.last("read", path)
        if error.errno == .noSuchAddressOrDevice { return nil }
        throw error
    }
}
