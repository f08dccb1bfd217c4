import POSIX
import SystemPackage
import TestSupport
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

    @Test(arguments: cases) func `a pattern means these paths`(_ pattern: String, _ path: String, _ matches: Bool) {
        #expect(GlobPattern(pattern).matches(path) == matches)
    }

    @Test func `only the part below the fixed folders is walked, and links are not followed`() throws {
        let folder = try TemporaryFolder()
        try folder.write("tokenizer/a", "1")
        try folder.write("tokenizer/sub/b", "2")
        try folder.write("data/huge", "3")
        try FileSystem.makeSymbolicLink(folder("tokenizer/link"), to: "/etc")
        #expect(Set(GlobPattern("tokenizer/*").files(below: folder.path).keys) == ["tokenizer/a", "tokenizer/sub/b"])
        #expect(Set(GlobPattern("data/huge").files(below: folder.path).keys) == ["data/huge"])
        #expect(GlobPattern("../x").escapes)
    }
}
