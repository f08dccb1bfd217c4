/// deflate's stored blocks: uncompressed bytes, with five header bytes before every 64 KiB.
///
/// <https://www.rfc-editor.org/rfc/rfc1951#section-3.2.4>
enum StoredBlocks {
    private static let longest = 65_535

    /// Returns the number of bytes; the output must have room for a sixteenth more than the input.
    static func write(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int {
        var written = 0
        var rest = input
        while !rest.isEmpty {
            let count = UInt16(min(rest.count, longest))
            output[written] = 0
            output.storeBytes(of: count.littleEndian, toByteOffset: written + 1, as: UInt16.self)
            output.storeBytes(of: (~count).littleEndian, toByteOffset: written + 3, as: UInt16.self)
            let target = UnsafeMutableRawBufferPointer(rebasing: output[(written + 5)...])
            target.copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<Int(count)]))
            written += 5 + Int(count)
            rest = UnsafeRawBufferPointer(rebasing: rest[Int(count)...])
        }
        return written
    }
}
