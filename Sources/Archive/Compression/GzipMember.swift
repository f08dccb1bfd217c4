private import CLibISAL
private import CLibZ

/// The header, the checksum and the trailer of a single gzip member. <https://www.rfc-editor.org/rfc/rfc1952>
struct GzipMember {
    /// No time and no name; the operating system is 255, "unknown".
    static let header: [UInt8] = [0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xFF]

    private var checksum: UInt32 = 0
    private var length: UInt32 = 0

    /// Returns the checksum of one block by itself.
    static func checksum(of block: UnsafeRawBufferPointer) -> UInt32 {
        crc32_gzip_refl(0, block.baseAddress, UInt64(block.count))
    }

    /// Appends a block by its checksum, so that no thread has to read all blocks.
    mutating func append(checksum: UInt32, count: Int) {
        self.checksum = UInt32(truncatingIfNeeded: crc32_combine(UInt(self.checksum), UInt(checksum), count))
        length &+= UInt32(truncatingIfNeeded: count)
    }

    /// The end of the deflate stream, checksum and length.
    ///
    /// The stream ends with an empty last block in deflate's fixed code, so that no earlier block needs to know that it
    /// is the last. <https://www.rfc-editor.org/rfc/rfc1951#section-3.2.3>
    var trailer: [UInt8] { [0x03, 0x00] + Self.littleEndian(checksum) + Self.littleEndian(length) }

    private static func littleEndian(_ value: UInt32) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}
