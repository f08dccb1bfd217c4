/// A binary form of a status in this machine's byte order, for indexes that stay on the machine.
extension FileStatus {
    private typealias Words = (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)

    private static let kinds: [Kind] = [
        .regular, .directory, .symbolicLink, .fifo, .socket, .characterDevice, .blockDevice, .unknown,
    ]

    /// The size of the binary form in bytes.
    package static let byteCount = MemoryLayout<Words>.size

    /// Appends the binary form.
    package func append(to bytes: inout [UInt8]) {
        let kind = UInt64(Self.kinds.firstIndex(of: kind) ?? Self.kinds.count - 1)
        let words: Words = (
            kind << 32 | UInt64(mode), UInt64(user) << 32 | UInt64(group), UInt64(bitPattern: size),
            UInt64(links), inode, device, specialDevice, UInt64(bitPattern: modified), UInt64(bitPattern: changed)
        )
        withUnsafeBytes(of: words) { bytes.append(contentsOf: $0) }
    }

    /// Reads what ``append(to:)`` wrote; nil for too few bytes or an unknown kind.
    package init?(reading bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.byteCount else { return nil }
        let words = bytes.loadUnaligned(as: Words.self)
        guard Int(words.0 >> 32) < Self.kinds.count else { return nil }
        kind = Self.kinds[Int(words.0 >> 32)]
        mode = UInt32(truncatingIfNeeded: words.0)
        user = UInt32(words.1 >> 32)
        group = UInt32(truncatingIfNeeded: words.1)
        size = Int64(bitPattern: words.2)
        links = Int(truncatingIfNeeded: words.3)
        inode = words.4
        device = words.5
        specialDevice = words.6
        modified = Int64(bitPattern: words.7)
        changed = Int64(bitPattern: words.8)
        // Not stored: the access time changes with each read, and must not make the status differ.
        accessed = 0
    }
}
