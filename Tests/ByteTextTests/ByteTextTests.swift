import ByteText
import Testing

/// Texts that Swift treats as one character, or as equal, must be distinguished.
@Suite struct ByteTextTests {
    /// Characters that combine with the one before or after them.
    static let accent = "\u{301}"
    static let prepended = "\u{600}"

    @Test(arguments: [
        ("", [], [""]), ("/", [], ["", ""]), ("a", ["a"], ["a"]), ("a//b/", ["a", "b"], ["a", "", "b", ""]),
        ("a/\(accent)x", ["a", "\(accent)x"], ["a", "\(accent)x"]),
        ("a\(prepended)/b", ["a\(prepended)", "b"], ["a\(prepended)", "b"]),
        ("a/../\(accent)x", ["a", "..", "\(accent)x"], ["a", "..", "\(accent)x"]),
        ("\r\n/\r\n", ["\r\n", "\r\n"], ["\r\n", "\r\n"]),
    ])
    func `text is cut at a byte, whatever stands beside it`(_ text: String, _ pieces: [String], _ all: [String]) {
        func bytes(_ texts: [some StringProtocol]) -> [[UInt8]] { texts.map { Array($0.utf8) } }
        #expect(bytes(text.split(byte: "/")) == bytes(pieces))
        #expect(bytes(text.split(byte: "/", omittingEmptySubsequences: false)) == bytes(all))
    }

    @Test func `the last piece holds the rest`() {
        #expect("a=b=c".split(byte: "=", maxSplits: 1) == ["a", "b=c"])
        #expect("=b=c".split(byte: "=", maxSplits: 1, omittingEmptySubsequences: false) == ["", "b=c"])
        #expect("=b=c".split(byte: "=", maxSplits: 1) == "=b=c".split(separator: "=", maxSplits: 1))
    }

    @Test(arguments: [
        ("runs/\(accent)x", "runs/", true), ("runs", "runs/", false), ("", "", true), ("e\(accent)", "\u{E9}", false),
        ("\u{E9}", "\u{E9}", true), ("\u{212A}EY", "K", false),
    ])
    func `a beginning is its bytes`(_ text: String, _ prefix: String, _ begins: Bool) {
        #expect(text.hasPrefix(bytes: prefix) == begins)
        #expect(
            text.dropping(bytes: prefix).map { Array($0.utf8) }
                == (begins ? Array(text.utf8.dropFirst(prefix.utf8.count)) : nil))
    }

    @Test(arguments: [
        ("a\(prepended)/", "/", true), ("\(prepended)_KEY", "_KEY", true), ("/", "a/", false),
        ("e\(accent)", accent, true),
        ("e\(accent)", "\u{E9}", false),
    ])
    func `an end is its bytes`(_ text: String, _ suffix: String, _ ends: Bool) {
        #expect(text.hasSuffix(bytes: suffix) == ends)
    }

    @Test func `bytes are found and replaced inside what people see as one character`() {
        let text = "\(Self.prepended)=\(Self.accent)=x"
        #expect(text.contains(byte: "=") && !"\u{37E}".contains(byte: ";"))
        #expect(text.firstIndex(byte: "=").map { text.utf8.distance(from: text.startIndex, to: $0) } == 2)
        #expect(text.lastIndex(byte: "=").map { text.utf8.distance(from: text.startIndex, to: $0) } == 5)
        #expect(
            Array(text.replacing(bytes: "=", with: "==").utf8) == Array("\(Self.prepended)==\(Self.accent)==x".utf8))
        #expect("abc".replacing(bytes: "", with: "x") == "abc")
    }

    @Test func `two spellings of one word are two texts`() {
        let (one, other) = (ExactText("e\(Self.accent)"), ExactText("\u{E9}"))
        #expect(one.text == other.text && one != other && !one.text.isSame(bytes: other.text))
        #expect(Set([one, other, one]).count == 2)
        #expect([other, one].sorted() == [one, other] && "\(one)" == one.text)
    }
}
