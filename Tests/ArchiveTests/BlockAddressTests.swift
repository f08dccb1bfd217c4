import CLibISAL
import CLinux
import Testing

struct BlockAddressTests {
    /// Places ISA-L's state at 40,000 addresses.
    ///
    /// Without the 8 stored bytes that the shim puts before ISA-L's output, some addresses give different bytes for a
    /// block whose first bytes repeat.
    @Test(arguments: [UInt32(0), 1, 2])
    func `where the compressor's state lies in memory does not show in its bytes`(level: UInt32) throws {
        let input = Array(" => \n\"\\xF3\\xA0\\x9D\\xB9\" => \"\",                     # U+E0779 => ".utf8)
        let size = 1 << 20
        var first: [UInt8]?
        var differing = 0
        for place in 0..<40_000 {
            let address = UnsafeMutableRawPointer(bitPattern: 0x100_0000_0000 + place * 0x30000)
            // MAP_FIXED_NOREPLACE is 0x100000: mapping an address that is in use fails, and the test skips it.
            let memory = mmap(
                address, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | 0x100000, -1, 0)
            guard let memory, memory != UnsafeMutableRawPointer(bitPattern: -1) else { continue }
            defer { munmap(memory, size) }
            var output = [UInt8](repeating: 0, count: 4096)
            let count = caas_isal_compress(memory, level, input, UInt32(input.count), &output, 4096)
            try #require(count > 0)
            let bytes = Array(output[..<Int(count)])
            if let first, first != bytes { differing += 1 }
            first = first ?? bytes
        }
        #expect(differing == 0)
    }
}
