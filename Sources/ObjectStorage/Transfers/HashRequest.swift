import Hashing
import POSIX
import Synchronization

/// The hashes of a part, with which its request is signed.
struct PartHashes: Sendable {
    let sha256: [UInt8]
    let md5: [UInt8]?
}

/// A file whose parts are hashed.
protocol PartSource: Sendable {
    /// The action, for error messages.
    var action: String { get }
    /// Reads at most as many bytes as the buffer holds; returns 0 at the end of the file.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(POSIXError) -> Int
    /// Throws where the file must not end before one of its parts does.
    func endsEarly() throws(StorageError)
}

extension PartSource {
    /// Reads at most as many bytes as the buffer holds, and returns them; empty at the end of the file.
    func piece(
        into buffer: UnsafeMutableRawBufferPointer, at offset: Int64
    ) throws(StorageError) -> UnsafeRawBufferPointer {
        do throws(POSIXError) {
            return UnsafeRawBufferPointer(rebasing: buffer[..<(try read(into: buffer, at: offset))])
        } catch { throw StorageError(error, doing: action) }
    }
}

/// A request to hash one part; several threads may work on it, and the first result counts.
final class HashRequest: Sendable {
    let source: any PartSource
    let offset: Int64
    let length: Int64
    let withMD5: Bool
    /// Returns true as long as other parts may be hashed or sent first.
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

    /// True once a thread has finished the request.
    var isOver: Bool { over.load(ordering: .relaxed) }

    /// Returns the result to the waiting task, unless another thread was first.
    func end(_ result: Result<PartHashes, StorageError>) {
        if !over.exchange(true, ordering: .relaxed) { continuation.resume(returning: result) }
    }
}
