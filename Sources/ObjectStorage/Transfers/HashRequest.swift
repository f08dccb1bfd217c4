import Hashing
import POSIX
import Synchronization

/// What a part was signed with.
struct PartHashes: Sendable {
    let sha256: [UInt8]
    let md5: [UInt8]?
}

/// A file whose parts are hashed.
protocol PartSource: Sendable {
    /// What is being done with it, for errors.
    var action: String { get }
    /// Reads at most as much as fits; 0 at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(POSIXError) -> Int
    /// Throws where the file may not end before a part of it does.
    func endsEarly() throws(StorageError)
}

extension PartSource {
    /// Reads at most as much as fits, and gives back what was read; nothing at the end.
    func piece(
        into buffer: UnsafeMutableRawBufferPointer, at offset: Int64
    ) throws(StorageError) -> UnsafeRawBufferPointer {
        do throws(POSIXError) {
            return UnsafeRawBufferPointer(rebasing: buffer[..<(try read(into: buffer, at: offset))])
        } catch { throw StorageError(error, doing: action) }
    }
}

/// A part that somebody wants to be hashed; several threads may be at it, and the first that is through counts.
final class HashRequest: Sendable {
    let source: any PartSource
    let offset: Int64
    let length: Int64
    let withMD5: Bool
    /// True as long as others may be hashed or sent first.
    let mayWait: @Sendable () -> Bool
    private let continuation: CheckedContinuation<Result<PartHashes, StorageError>, Never>
    private let over = Atomic(false)

    init(
        _ source: any PartSource, offset: Int64, length: Int64, withMD5: Bool, mayWait: @escaping @Sendable () -> Bool,
        continuation: CheckedContinuation<Result<PartHashes, StorageError>, Never>
    ) {
        self.source = source
        self.offset = offset
        self.length = length
        self.withMD5 = withMD5
        self.mayWait = mayWait
        self.continuation = continuation
    }

    /// True where somebody was through with it.
    var isOver: Bool { over.load(ordering: .relaxed) }

    /// Gives the hashes to whoever waits for them, unless somebody else was first.
    func end(_ result: Result<PartHashes, StorageError>) {
        if !over.exchange(true, ordering: .relaxed) { continuation.resume(returning: result) }
    }
}
