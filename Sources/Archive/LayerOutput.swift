import Hashing

/// Where the bytes of a tar go: hashed, compressed, hashed again, written.
///
/// A class, because C's callback must find it.
final class LayerOutput {
    private let blob: BlobOutput
    private let compressor: any LayerCompressor
    private var hash: SHA256? = SHA256()
    private var tarSize: Int64 = 0
    private var isClosed = false
    private(set) var failure: ArchiveError?

    init(_ blob: BlobOutput, _ compressor: any LayerCompressor) {
        self.blob = blob
        self.compressor = compressor
    }

    /// Takes bytes, or keeps why not and answers false.
    func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard !isClosed, failure == nil else { return isClosed }
        hash?.update(bytes)
        tarSize += Int64(bytes.count)
        do throws(ArchiveError) { try compressor.write(bytes, to: blob) } catch { failure = error }
        return failure == nil
    }

    /// Lets everything that comes later go nowhere.
    func close() { isClosed = true }

    func finish() throws(ArchiveError) -> WrittenLayer {
        isClosed = true
        if let failure { throw failure }
        try compressor.finish(to: blob)
        let diffID = hash.take()?.finish() ?? []
        let size = blob.size
        return WrittenLayer(diffID: diffID, digest: blob.finish(), size: size, tarSize: tarSize)
    }
}
