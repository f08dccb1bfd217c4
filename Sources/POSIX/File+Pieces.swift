extension File {
    /// Reads a range in pieces, one after the other; `body` also receives each piece's distance from `offset`.
    ///
    /// A shorter file gives fewer bytes. Several threads may read one file.
    package func forEachPiece(
        offset: Int64, length: Int64, _ body: (UnsafeRawBufferPointer, Int64) throws(POSIXError) -> Void
    ) throws(POSIXError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 512 << 10, alignment: 4096)
        defer { buffer.deallocate() }
        var position: Int64 = 0
        while position < length {
            let room = UnsafeMutableRawBufferPointer(
                rebasing: buffer[..<Int(min(Int64(buffer.count), length - position))])
            let count = try read(into: room, at: offset + position)
            if count == 0 { return }
            try body(UnsafeRawBufferPointer(rebasing: room[..<count]), position)
            position += Int64(count)
        }
    }
}
