private import CLibZstd
import Wording

/// Zstandard by libzstd and its own threads.
///
/// It always uses at least one worker thread: without any, libzstd produces different bytes.
// Sendable: only the thread that writes the blob uses it at any time.
final class ZstdStream: StreamCompressor, @unchecked Sendable {
    /// The input of one worker's job in bytes; libzstd's default is several windows, which needs much more memory.
    ///
    /// <https://facebook.github.io/zstd/zstd_manual.html#Chapter5>
    private static let jobSize: Int32 = 1 << 20

    private let context: OpaquePointer
    private let output = UnsafeMutableRawBufferPointer.allocate(byteCount: ZSTD_CStreamOutSize(), alignment: 64)

    init(level: Int, threads: Int) throws {
        guard let context = ZSTD_createCCtx() else { throw Failure("compress a layer", "zstd has no memory") }
        self.context = context
        for (parameter, value) in [
            (ZSTD_c_compressionLevel, Int32(level)), (ZSTD_c_checksumFlag, 1), (ZSTD_c_nbWorkers, Int32(threads)),
            (ZSTD_c_jobSize, Self.jobSize),
        ] {
            // Debian's library has threads. A library without them refuses these parameters, and would produce
            // different bytes.
            _ = try Self.check(ZSTD_CCtx_setParameter(context, parameter, value))
        }
    }

    deinit {
        ZSTD_freeCCtx(context)
        output.deallocate()
    }

    var isIdentity: Bool { false }

    func write(_ bytes: UnsafeRawBufferPointer, to blob: BlobOutput) throws {
        try compress(bytes, ZSTD_e_continue, to: blob)
    }

    func finish(to blob: BlobOutput) throws {
        try compress(UnsafeRawBufferPointer(start: nil, count: 0), ZSTD_e_end, to: blob)
    }

    private func compress(_ bytes: UnsafeRawBufferPointer, _ directive: ZSTD_EndDirective, to blob: BlobOutput) throws {
        var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
        while true {
            var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
            let left = try Self.check(ZSTD_compressStream2(context, &target, &input, directive))
            if target.pos > 0 { try blob.write(UnsafeRawBufferPointer(rebasing: output[..<target.pos])) }
            if directive == ZSTD_e_end ? left == 0 : input.pos == input.size { return }
        }
    }

    private static func check(_ result: Int) throws -> Int {
        guard ZSTD_isError(result) == 0 else {
            throw Failure("compress a layer", "zstd: \(String(cString: ZSTD_getErrorName(result)))")
        }
        return result
    }
}
