/// What the dynamic loader reads in a 64-bit little-endian program or library.
///
/// <https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html>
struct ELFFile {
    /// The names in DT_NEEDED, in order.
    let needed: [String]
    /// DT_RUNPATH, which hides an executable's DT_RPATH from this library's own dependencies.
    let runPath: String?
    /// DT_RPATH.
    let path: String?
    /// The path of the loader, nil for a library.
    let interpreter: String?
    /// `amd64` or `arm64`, nil for any other machine.
    let architecture: String?
    private let interpreterRange: Range<Int>?

    private struct Segment {
        let type: Int
        let offset: Int
        let address: Int
        let size: Int
    }

    init(_ bytes: [UInt8], name: String) throws(ImageBuildError) {
        func failure(_ reason: String) -> ImageBuildError { ImageBuildError("read \(name)", reason) }
        func number(_ offset: Int, _ size: Int) throws(ImageBuildError) -> Int {
            guard offset >= 0, offset + size <= bytes.count else { throw failure("it is cut off") }
            return (0..<size).reversed().reduce(0) { $0 << 8 | Int(bytes[offset + $1]) }
        }
        guard bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1]) else {
            throw failure("it is no 64-bit little-endian ELF file")
        }
        architecture = [62: "amd64", 183: "arm64"][try number(18, 2)]
        let (table, entrySize, count) = (try number(32, 8), try number(54, 2), try number(56, 2))
        var segments: [Segment] = []
        for index in 0..<count {
            let at = table + index * entrySize
            segments.append(
                Segment(
                    type: try number(at, 4), offset: try number(at + 8, 8), address: try number(at + 16, 8),
                    size: try number(at + 32, 8)))
        }
        func text(_ offset: Int) throws(ImageBuildError) -> String {
            guard bytes.indices.contains(offset) else { throw failure("it is cut off") }
            return String(decoding: bytes[offset...].prefix { $0 != 0 }, as: UTF8.self)
        }
        let found = segments.first { $0.type == 3 }  // PT_INTERP
        interpreterRange = found.map { $0.offset..<$0.offset + $0.size }
        interpreter = if let found { try text(found.offset) } else { nil }
        var entries: [(tag: Int, value: Int)] = []
        if let dynamic = segments.first(where: { $0.type == 2 }) {  // PT_DYNAMIC
            for offset in stride(from: dynamic.offset, to: dynamic.offset + dynamic.size, by: 16) {
                let tag = try number(offset, 8)
                if tag == 0 { break }
                entries.append((tag, try number(offset + 8, 8)))
            }
        }
        let address = entries.first { $0.tag == 5 }?.value ?? 0  // DT_STRTAB
        let holder = segments.first { $0.type == 1 && ($0.address..<$0.address + $0.size).contains(address) }
        let strings = address - (holder?.address ?? 0) + (holder?.offset ?? 0)
        var needed: [String] = []
        for entry in entries where entry.tag == 1 { needed.append(try text(strings + entry.value)) }
        self.needed = needed
        runPath = if let entry = entries.first(where: { $0.tag == 29 }) { try text(strings + entry.value) } else { nil }
        path = if let entry = entries.first(where: { $0.tag == 15 }) { try text(strings + entry.value) } else { nil }
    }

    /// Overwrites the loader's path in place; it must not be longer than the one that was there.
    func replaceInterpreter(with path: String, in bytes: inout [UInt8]) throws(ImageBuildError) {
        guard let interpreterRange, path.utf8.count < interpreterRange.count else {
            throw ImageBuildError("set the loader of caas-entrypoint", "there is no room for '\(path)'")
        }
        let text = Array(path.utf8)
        for (index, position) in interpreterRange.enumerated() {
            bytes[position] = index < text.count ? text[index] : 0
        }
    }
}
