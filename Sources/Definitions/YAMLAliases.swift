/// How big aliases make a document, told from its text.
///
/// Yams compares the keys of each mapping before anybody sees a node: one key that is an alias of lists of aliases of lists
/// would hold it for ever. What is counted here is never less than what there is, and in files for people far from the bound.
enum YAMLAliases {
    private static let most = 4 << 20
    /// Each node that much is no harm, however long the text is.
    private static let harmless = 16

    /// False where the text's nodes might become too many.
    static func areBounded(in text: String) -> Bool {
        // An alias means an anchor before it: behind each anchor, every alias can double what there was.
        let bytes = Array(text.utf8)
        var growth = 1
        var aliases = 0
        var hasAnchors = false
        for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "*") || byte == UInt8(ascii: "&") {
            guard index == 0 || mayPrecedeToken(bytes[index - 1]), index + 1 < bytes.count, isName(bytes[index + 1])
            else { continue }
            if byte == UInt8(ascii: "*") {
                aliases += 1
            } else {
                growth = growth.multipliedWithoutOverflow(by: 1 + aliases)
                aliases = 0
                hasAnchors = true
            }
        }
        growth = growth.multipliedWithoutOverflow(by: 1 + aliases)
        return !hasAnchors || growth <= harmless || growth.multipliedWithoutOverflow(by: bytes.count) <= most
    }

    /// True for white space and what stands around the parts of a list or mapping in brackets; beyond ASCII these are the
    /// last bytes of a byte order mark and of the line breaks that libyaml knows.
    private static func mayPrecedeToken(_ byte: UInt8) -> Bool {
        " \t\r\n[{,:?".utf8.contains(byte) || [0x85, 0xA8, 0xA9, 0xBF].contains(byte)
    }

    /// True for what libyaml takes for a part of an anchor's name.
    private static func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

extension Int {
    /// The greatest number where the product would be greater.
    fileprivate func multipliedWithoutOverflow(by other: Int) -> Int {
        let (product, isTooBig) = multipliedReportingOverflow(by: other)
        return isTooBig ? .max : product
    }
}
