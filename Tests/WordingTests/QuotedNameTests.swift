import Testing
import Wording

@Suite struct QuotedNameTests {
    private static let names: [(bytes: [UInt8], shown: String)] = [
        (Array("plain name.txt".utf8), "plain name.txt"), (Array("größe €".utf8), "größe €"),
        (Array("a\nb\t\"\\".utf8), #""a\nb\t\"\\""#), ([0x78, 0xFF], #""x\377""#), ([0x1B, 0x5B], #""\033[""#),
        (Array("\u{202E}gpj".utf8), #""\342\200\256gpj""#), (Array(" x".utf8), #"" x""#), ([], ""),
    ]

    @Test(arguments: names) func `a name is shown as what it is`(bytes: [UInt8], shown: String) {
        #expect(QuotedName(bytes).description == shown)
    }
}
