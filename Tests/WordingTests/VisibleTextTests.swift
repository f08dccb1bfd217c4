import JSON
import Wording
import Testing

@Suite struct VisibleTextTests {
    static let hidden: [(String, String)] = [
        ("\u{1B}]0;pwned\u{7}", "\\u{1B}]0;pwned\\u{7}"),
        ("\u{1B}[2J\u{1B}[31mred\u{1B}[0m", "\\u{1B}[2J\\u{1B}[31mred\\u{1B}[0m"),
        ("a\u{9B}2Jb\u{85}c", "a\\u009b2Jb\\u0085c"), ("\u{7F}\u{0}\u{8}", "\\u007f\\u{0}\\u{8}"),
        ("safe\u{202E}gnp.exe", "safe\\u202egnp.exe"),
        ("\u{2066}\u{2069}\u{200E}\u{200F}\u{61C}", "\\u2066\\u2069\\u200e\\u200f\\u061c"),
        ("one\u{2028}two\u{2029}", "one\\u2028two\\u2029"), ("\u{FEFF}x\u{E0041}", "\\ufeffx\\udb40\\udc41"),
        ("over\rwritten", "over\\rwritten"), ("over\r\nwritten", "over\\r\nwritten"),
    ]

    @Test(arguments: hidden) func `what a terminal would obey is shown`(_ text: String, _ shown: String) {
        #expect(VisibleText.text(text) == shown)
        #expect(VisibleText.line(text) == shown.replacing("\n", with: "\\n"))
    }

    @Test(arguments: ["", "loss 1.25\tstep 3", "größer → 5 €, 漢字, العربية, עברית", "e\u{301} 👩‍👩‍👧 ½ \u{A0}x"])
    func `what is harmless stays as it is`(_ text: String) {
        #expect(VisibleText.text(text) == text)
        #expect(VisibleText.output(text) == text)
    }

    @Test func `every character that is hidden is found by its bytes, and shown without any of them`() {
        let values: [ClosedRange<UInt32>] = [0...0xD7FF, 0xE000...0x10FFFF]
        for value in values.joined() {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let shown = VisibleText.line(String(scalar))
            let category = scalar.properties.generalCategory
            if [.control, .lineSeparator, .paragraphSeparator].contains(category) || scalar.properties.isBidiControl {
                #expect(shown.utf8.allSatisfy { 0x20..<0x7F ~= $0 })
            }
        }
    }

    @Test func `JSON stays JSON of the same content`() throws {
        let value: JSONValue = ["na\u{9B}me\u{7F}": .array([.string("\u{202E}\u{2028}\u{E0041}\u{1B}[2J\r\n\t")])]
        for text in [value.text, String(decoding: value.prettyEncoded(), as: UTF8.self)] {
            let shown = VisibleText.text(text)
            #expect(shown.utf8.allSatisfy { 0x20..<0x7F ~= $0 || $0 == 0x0A })
            #expect(try JSONValue(parsing: Array(shown.utf8)) == value)
        }
    }

    static let colors: [(String, String)] = [
        ("\u{1B}[31mred\u{1B}[0m", "\u{1B}[31mred\u{1B}[0m"),
        ("\u{1B}[1;38:2::1:2:3mbold", "\u{1B}[1;38:2::1:2:3mbold\u{1B}[0m"),
        ("\u{1B}[mplain", "\u{1B}[mplain"), ("\u{1B}[31K\u{1B}[?25l\u{1B}[", "\\u{1B}[31K\\u{1B}[?25l\\u{1B}["),
        ("\u{1B}[1A\u{1B}c", "\\u{1B}[1A\\u{1B}c"), ("a\u{8}b\tc\n", "a\\u{8}b\tc\\n"),
    ]

    @Test(arguments: colors) func `of a program's output colors stay and end with the line`(
        _ text: String, _ shown: String
    ) {
        #expect(VisibleText.output(text) == shown)
    }
}

@Suite struct ChildLineTests {
    static let ours = [
        "caas: the run is complete", "  caas: x", "\tcaas: x", "\u{1B}[32mcaas\u{1B}[0m: x", "\u{FEFF}caas: x",
        "CAAS: x", "caas : x",
        "\u{200B}ca\u{200D}as: x", "\u{441}\u{430}\u{430}\u{455}: x",
        "\u{FF43}\u{FF41}\u{FF41}\u{FF53}\u{FF1A} x",
        "\u{A0}caas:", "\u{8}\u{8}caas: x", "\u{1B}caas: x", "caa\u{301}s: x", "\u{E0041}caas: x", "\rcaas: x",
    ]

    @Test(arguments: ours) func `a line that could be taken for ours stands behind its source`(_ line: String) {
        let shown = ChildLine(line, of: "base").description
        #expect(shown.hasPrefix("base| "))
        #expect(shown.unicodeScalars.allSatisfy { $0.value >= 0x20 || $0 == "\u{1B}" || $0 == "\t" })
    }

    @Test(arguments: ours) func `nor does a source speak for us`(_ source: String) {
        for line in [source, "caas: x"] { #expect(ChildLine(line, of: source).description.hasPrefix("stage| ")) }
    }

    @Test(arguments: ["caasctl: x", "caas", "loss: 3", "the caas: x", "caas-entrypoint: x", "", "cas: x"])
    func `other lines stay as they are`(_ line: String) { #expect(ChildLine(line, of: "base").description == line) }
}
