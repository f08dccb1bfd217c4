private import CLibISAL

/// deflate by ISA-L, for one thread.
final class ISALDeflater: BlockDeflater {
    private let level: UInt32
    private let stream: UnsafeMutableRawPointer

    init(level: Int) {
        self.level = UInt32(level)
        guard let stream = caas_isal_new(self.level) else { fatalError("cannot compress: no memory") }
        self.stream = stream
    }

    deinit { free(stream) }

    func deflate(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int {
        Int(
            caas_isal_compress(
                stream, level, input.baseAddress, UInt32(input.count), output.baseAddress, UInt32(output.count)))
    }
}
