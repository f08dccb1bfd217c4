import Testing

@testable import ImageBuild

@Suite struct PathPatternTests {
    @Test(arguments: [
        ("*.pyc", ["a.pyc"], ["d/a.pyc", "a.py", "a.pycx"]),
        ("**/*.pyc", ["a.pyc", "d/a.pyc", "d/e/a.pyc"], ["a.py"]),
        ("**/__pycache__", ["__pycache__", "d/__pycache__"], ["__pycache__/x", "x__pycache__"]),
        ("docs/**", ["docs/a", "docs/a/b"], ["docs", "other/docs/a"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["b", "a", "a/b/c"]),
        ("./a/b", ["a/b"], ["b"]),
        ("data-?.bin", ["data-1.bin"], ["data-10.bin", "data-.bin", "data-/.bin"]),
        ("x[a-c1]", ["xa", "xb", "x1"], ["xd", "x", "x[a-c1]"]),
        ("x[!a-c]", ["xd"], ["xa", "x"]),
        ("größe*", ["größe", "größer"], ["groesse"]),
        ("**", ["a", "a/b"], []),
    ])
    func `a pattern stands for whole paths`(pattern: String, matching: [String], others: [String]) {
        let subject = PathPattern(pattern)
        for path in matching { #expect(subject.matches(Array(path.utf8)), "\(path)") }
        for path in others { #expect(!subject.matches(Array(path.utf8)), "\(path)") }
    }
}
