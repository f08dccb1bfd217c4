/// Where libarchive puts the bytes of a tar: into the blocks of a ring.
///
/// Content is read where it is to lie, so that libarchive hands it through and nobody copies it. A class, because C's
/// callback must find it.
final class TarOutput {
    private let ring: BlockRing
    private var block = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var count = 0
    private var isClosed = false
    /// The names of extended attributes in the next pax header, each with the one that is to stand there.
    var attributeNames = AttributeNames()

    init(_ ring: BlockRing) { self.ring = ring }

    /// A block of zeros, which ``write(_:)`` knows by its address.
    var zeros: UnsafeRawBufferPointer { ring.zeros }

    /// Where the tar goes on, at least one byte; nil where a thread has failed.
    func room() -> UnsafeMutableRawBufferPointer? {
        if count == block.count {
            guard let next = ring.nextBlock() else { return nil }
            (block, count) = (next, 0)
        }
        return UnsafeMutableRawBufferPointer(rebasing: block[count...])
    }

    /// Takes bytes, which may be those that were put into the room; answers false where a thread has failed.
    func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        if isClosed { return true }
        if attributeNames.isEmpty { return put(bytes) }
        return attributeNames.corrected(bytes).withUnsafeBytes(put)
    }

    private func put(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            guard let room = room() else { return false }
            if room.count == block.count, rest.baseAddress == zeros.baseAddress, rest.count == block.count {
                ring.submit(count: rest.count, isZero: true)
                (block, count) = (UnsafeMutableRawBufferPointer(start: nil, count: 0), 0)
                return true
            }
            let taken = min(room.count, rest.count)
            if rest.baseAddress != UnsafeRawPointer(room.baseAddress) {
                room.copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<taken]))
            }
            advance(by: taken)
            rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
        }
        return true
    }

    private func advance(by taken: Int) {
        count += taken
        if count == block.count {
            ring.submit(count: count)
            (block, count) = (UnsafeMutableRawBufferPointer(start: nil, count: 0), 0)
        }
    }

    /// Hands over what is left, after which everything goes nowhere.
    func close() {
        if !isClosed && count > 0 { ring.submit(count: count) }
        isClosed = true
    }
}
