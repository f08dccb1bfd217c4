private import CLibZ

/// deflate by zlib, for one thread; its bytes depend only on zlib's version.
final class ZlibDeflater: BlockDeflater {
    private let stream: UnsafeMutablePointer<z_stream>

    init(level: Int) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        guard caas_deflate_init2(stream, Int32(level)) == Z_OK else { fatalError("cannot compress: no memory") }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    func deflate(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int {
        guard deflateReset(stream) == Z_OK else { return 0 }
        stream.pointee.next_in = UnsafeMutablePointer(
            mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = UInt32(input.count)
        stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(output.count)
        guard CLibZ.deflate(stream, Z_FULL_FLUSH) == Z_OK, stream.pointee.avail_in == 0, stream.pointee.avail_out > 0
        else { return 0 }
        return output.count - Int(stream.pointee.avail_out)
    }
}
