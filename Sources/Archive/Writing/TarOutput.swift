/// The receiver of libarchive's tar bytes, which puts them into the blocks of a ring.
///
/// Content is read directly into its place in a block, so libarchive passes it on without a copy. It is a class because
/// C callbacks need its address.
final class TarOutput {
    private let ring: BlockRing
    private var block = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var count = 0
    private var isClosed = false
    /// The attribute names of the next pax header, with the real name for each plain one.
    var attributeNames = AttributeNames()

    init(_ ring: BlockRing) { self.ring = ring }

    /// A block of zeros, which ``write(_:)`` recognises by its address.
    var zeros: UnsafeRawBufferPointer { ring.zeros }

    /// Returns the free part of the current block, at least one byte; nil where a thread has failed.
    func room() -> UnsafeMutableRawBufferPointer? {
        if count == block.count {
            guard let next = ring.nextBlock() else { return nil }
            (block, count) = (next, 0)
        }
        return UnsafeMutableRawBufferPointer(rebasing: block[count...])
    }

    /// Writes bytes, which may already lie in ``room()``; returns false where a thread has failed.
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

    /// Submits the last block; later bytes are discarded.
    func close() {
        if !isClosed && count > 0 { ring.submit(count: count) }
        isClosed = true
    }
}
