import RunContract
import Testing

@testable import Supervision

@Suite struct GlobPatternTests {
    static let cases: [(pattern: String, path: String, matches: Bool)] = [
        ("tokenizer/*", "tokenizer/a.json", true), ("tokenizer/*", "tokenizer/deep/a.json", true),
        ("tokenizer/*", "tokenizer", false), ("tokenizer/*", "other/a.json", false),
        ("tokenizer", "tokenizer/a.json", true), ("*.txt", "a.txt", true), ("*.txt", "a/b.txt", false),
        ("**/*.txt", "a/b/c.txt", true), ("**/*.txt", "c.txt", true), ("a?c", "abc", true), ("a?c", "ac", false),
        ("./a/*", "a/b", true), ("a*b*c", "aXbYc", true), ("a*b*c", "aXcYb", false),
    ]

    @Test(arguments: cases) func `a pattern means these paths`(_ pattern: String, _ path: String, _ matches: Bool)
        throws
    {
        #expect(GlobPattern(pattern).matches(try #require(RelativePath(path))) == matches)
    }

    @Test func `many stars take no time`() throws {
        let pattern = GlobPattern(String(repeating: "a*", count: 40) + "b")
        #expect(!pattern.matches(try #require(RelativePath(String(repeating: "a", count: 2000)))))
    }

    @Test func `a pattern that leaves its folder is known`() { #expect(GlobPattern("../x").escapes) }
}
