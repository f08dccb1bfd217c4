/// Names of extended attributes that libarchive would write with `%` escapes, which only libarchive itself decodes.
///
/// Each is passed to libarchive under a plain name of the same length, and restored in the pax header that comes out.
struct AttributeNames {
    /// The real names, by the names passed to libarchive.
    private var own: [String: String] = [:]
    private var plain: [String: String] = [:]
    /// The number of written pieces of the entry's headers: first the pax header's own header, then its records.
    private var pieces = 0

    var isEmpty: Bool { own.isEmpty }

    init() {}

    init(of names: some Collection<String>) {
        let taken = Set(names)
        for name in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        where !name.utf8.allSatisfy(Self.isPlain) {
            for filler in "_-.~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8 {
                let other = String(decoding: name.utf8.map { Self.isPlain($0) ? $0 : filler }, as: UTF8.self)
                guard !taken.contains(other), own[other] == nil else { continue }
                own[other] = name
                plain[name] = other
                break
            }
        }
    }

    /// Returns the name to pass to libarchive.
    func plain(_ name: String) -> String { plain[name] ?? name }

    /// Returns true for a name that libarchive writes unchanged and that fits a pax record, in which `=` ends the name.
    static func isKept(_ name: String) -> Bool {
        name.utf8.allSatisfy { isPlain($0) && $0 != UInt8(ascii: "=") }
    }

    private static func isPlain(_ byte: UInt8) -> Bool { (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "%") }

    /// Returns the next piece of an entry's headers with the real names.
    ///
    /// A record is `length key=value` and a newline; the length counts the whole record.
    /// <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_03>
    mutating func corrected(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var bytes = Array(bytes)
        pieces += 1
        guard pieces == 2 else { return bytes }
        var start = 0
        while start < bytes.count, let space = bytes[start...].firstIndex(of: UInt8(ascii: " ")),
            let length = Int(String(decoding: bytes[start..<space], as: UTF8.self)), length > 0,
            start + length <= bytes.count
        {
            let prefix = Array("SCHILY.xattr.".utf8)
            if let sign = bytes[space..<start + length].firstIndex(of: UInt8(ascii: "=")),
                bytes[(space + 1)...].starts(with: prefix)
            {
                let place = space + 1 + prefix.count..<sign
                if let name = own[String(decoding: bytes[place], as: UTF8.self)] {
                    bytes.replaceSubrange(place, with: name.utf8)
                }
            }
            start += length
        }
        return bytes
    }
}
