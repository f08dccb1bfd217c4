import ImageLayers
import Wording

/// The headers of a 64-bit little-endian program that the kernel reads to start it.
///
/// <https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html>
struct ELFFile {
    /// `amd64` or `arm64`; nil for any other machine.
    let architecture: String?
    /// Whether the program has neither an interpreter nor a dynamic section, so that the kernel maps only this file.
    let isStatic: Bool

    init(_ bytes: [UInt8], name: String) throws {
        func failure(_ reason: String) -> Failure { Failure("read \(name)", reason) }
        func number(_ offset: Int, _ size: Int) throws -> Int {
            guard offset >= 0, offset <= bytes.count - size else { throw failure("it is cut off") }
            return (0..<size).reversed().reduce(0) { $0 << 8 | Int(bytes[offset + $1]) }
        }
        guard bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1]) else {
            throw failure("it is no 64-bit little-endian ELF file")
        }
        architecture = [62: "amd64", 183: "arm64"][try number(18, 2)]
        let (table, entrySize, count) = (try number(32, 8), try number(54, 2), try number(56, 2))
        var types: [Int] = []
        for index in 0..<count { types.append(try number(table &+ index * entrySize, 4)) }
        // PT_DYNAMIC and PT_INTERP.
        isStatic = !types.contains(2) && !types.contains(3)
    }
}
