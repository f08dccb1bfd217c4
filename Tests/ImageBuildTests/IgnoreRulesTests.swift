import POSIX
import SystemPackage
import TestSupport
import Testing

@testable import ImageLayers
import Wording

@Suite struct IgnoreRulesTests {
    private static let tree = [
        ".dockerignore", "README.md", "a.py", "a.pyc", "data-1.bin", "data-10.bin", "docs/README.md", "docs/a/b.md",
        "docs/a/c.txt", "lib/a.pyc", "lib/__pycache__/x.pyc", "lib/deep/er/README.md", "lib/deep/er/x.md",
        "lib/größe", "x[1]", "xa", "xd",
    ]

    /// The lines of a `.dockerignore`, and the files of the tree that they exclude.
    private static let cases: [(lines: [String], excluded: [String])] = [
        ([], []),
        (["*.pyc"], ["a.pyc"]),
        (["**/*.pyc"], ["a.pyc", "lib/a.pyc", "lib/__pycache__/x.pyc"]),
        (["*/*.pyc"], ["lib/a.pyc"]),
        (["**/__pycache__"], ["lib/__pycache__/x.pyc"]),
        (["docs"], ["docs/README.md", "docs/a/b.md", "docs/a/c.txt"]),
        (["/docs/"], ["docs/README.md", "docs/a/b.md", "docs/a/c.txt"]),
        (["docs/**"], ["docs/README.md", "docs/a/b.md", "docs/a/c.txt"]),
        (["./docs/../docs/a"], ["docs/a/b.md", "docs/a/c.txt"]),
        (["docs", "!docs/a/b.md"], ["docs/README.md", "docs/a/c.txt"]),
        (["docs", "!docs/a"], ["docs/README.md"]),
        (["!docs/a/b.md", "docs"], ["docs/README.md", "docs/a/b.md", "docs/a/c.txt"]),
        (["**/*.md", "!README.md"], ["docs/README.md", "docs/a/b.md", "lib/deep/er/README.md", "lib/deep/er/x.md"]),
        (["**/*.md", "!**/README.md", "docs/README.md"], ["docs/README.md", "docs/a/b.md", "lib/deep/er/x.md"]),
        (["*", "!docs/a/*.md"], Self.tree.filter { $0 != "docs/a/b.md" }),
        (["lib/**/README.md"], ["lib/deep/er/README.md"]),
        (["lib/**/*.pyc"], ["lib/a.pyc", "lib/__pycache__/x.pyc"]),
        (["data-?.bin"], ["data-1.bin"]),
        (["x[a-c1]"], ["xa"]),
        (["x[^a-c]"], ["xd"]),
        (["x\\[1]"], ["x[1]"]),
        (["# docs", "#docs", "  a.py\t", "", "   "], ["a.py"]),
        (["."], []),
        (["/"], []),
        (["lib/gr??e"], ["lib/größe"]),
        (["lib/gr[ö]?e"], ["lib/größe"]),
        (["**"], Self.tree),
        (["**", "!xa"], Self.tree.filter { $0 != "xa" }),
        (["a.py\r"], ["a.py"]),
    ]

    @Test(arguments: cases)
    func `a file stays out as the lines say`(lines: [String], excluded: [String]) throws {
        let rules = try IgnoreRules(parsing: Array(lines.joined(separator: "\n").utf8), file: ".dockerignore")
        #expect(Self.tree.filter { rules.excludes(Array($0.utf8)) } == excluded)
    }

    /// BuildKit evaluates this in the same way, and buildah does not.
    @Test func `an exception for a folder that nothing keeps out lets in nothing of it`() throws {
        let rules = try IgnoreRules(["**/*.pyc", "!lib", "docs/a", "!docs", "**/*.txt"])
        let excluded = Self.tree.filter { rules.excludes(Array($0.utf8)) }
        #expect(excluded == ["a.pyc", "docs/a/b.md", "docs/a/c.txt", "lib/a.pyc", "lib/__pycache__/x.pyc"])
    }

    /// Compares the cases with an exception or with a name that is not plain ASCII with buildah.
    @Test(arguments: cases.filter { $0.lines.joined().contains { "!#ö[".contains($0) } && $0.lines.count < 4 })
    func `buildah copies what the rules let in`(lines: [String], excluded: [String]) async throws {
        let folder = try TemporaryFolder()
        for file in Self.tree { try folder.write("context/\(file)", file) }
        try folder.write("context/.dockerignore", lines.joined(separator: "\n"))
        try folder.write("Containerfile", "FROM scratch\nCOPY . /\n")
        let root = folder("root").string
        _ = try? await Command(
            "buildah",
            [
                "--root", folder("storage").string, "--runroot", folder("run").string, "--storage-driver", "vfs",
                "build",
                "--isolation", "chroot", "-f", folder("Containerfile").string, "--output", "type=local,dest=\(root)",
                folder("context").string,
            ]
        ).succeed()
        let listed = try await Command("find", [root, "-type", "f", "-printf", "%P\\n"]).succeed()
        #expect(
            listed.split(separator: "\n").map(String.init).sorted()
                == Self.tree.filter { !excluded.contains($0) }.sorted())
    }

    /// A pattern, paths that match, and paths that do not.
    @Test(arguments: [
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["b", "a", "ab", "a/xb"]),
        // As in docker, this matches the end of any path; with other wildcards it matches whole names.
        ("**a", ["a", "x/a", "x/y/a", "xa", "x/ya"], ["b", "a/b"]),
        ("**.env", [".env", "a.env", "x/a.env"], ["a.env.x"]),
        ("**.e?v", [".env", "x/.env"], ["a.env"]), ("**x/a", ["x/a", "yx/a", "z/yx/a"], ["a", "x/b"]),
        ("a**", ["a", "ab", "a/b"], ["b", "xa"]),
        ("a**b", ["ab", "ax/b", "ax/y/b"], ["axb"]),
        // The star before the folders has to take the first z along.
        ("x*y**b", ["xyb", "xyzyb", "xy/b", "xyzy/a/b"], ["xb", "xyzb"]),
        ("a***b", ["ab", "axb", "ax/b", "a/x/yb"], ["a", "b", "abx"]),
        ("**/**/**/b", ["b", "a/b", "a/x/b"], ["ab", "a/xb"]),
        ("a****", ["a", "ab", "a/b"], ["b"]), ("*/**/**/b", ["a/b", "a/x/b"], ["b"]),
        ("?é*", ["aé", "ééx"], ["é", "a/é"]), ("é?", ["éa", "éé"], ["é", "éab"]),
        ("*a*b*c*", ["abc", "1a2b3c4", "aabbcc"], ["acb", "a/b/c"]),
        ("[a-]", [], ["a", "-"]),
        (#"[\-\]]"#, ["-", "]"], ["a"]),
        ("[z-a]", [], ["a", "z", "m"]),
        (#"\*"#, ["*"], ["a"]),
        (#"a\b"#, ["ab"], [#"a\b"#]),
        ("a.b", ["a.b"], ["axb"]),
        ("(a|b)+$", ["(a|b)+$"], ["a", "ab"]),
    ])
    func `a pattern stands for whole paths`(pattern: String, matching: [String], others: [String]) throws {
        guard let subject = IgnorePattern(Array(pattern.utf8)) else {
            #expect(pattern == "[a-]")
            return
        }
        for path in matching { #expect(subject.matches(Array(path.utf8)), "\(path)") }
        for path in others { #expect(!subject.matches(Array(path.utf8)), "\(path)") }
    }

    @Test func `a name that is not UTF-8 is made of bytes`() throws {
        let rules = try IgnoreRules(["a?c"])
        #expect(rules.excludes([0x61, 0xFF, 0x63]))
        #expect(!rules.excludes([0x61, 0xFF, 0xFF, 0x63]))
    }

    @Test func `a pattern with many stars does not take long`() throws {
        let rules = try IgnoreRules([String(repeating: "*a", count: 40) + "b", String(repeating: "**/a*/", count: 40)])
        #expect(!rules.excludes(Array(repeating: UInt8(ascii: "a"), count: 4_000)))
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            String(repeating: "*a", count: 10_000), String(repeating: "***", count: 10_000) + "b",
            String(repeating: "**a/", count: 10_000), String(repeating: "*?", count: 10_000) + "b",
            String(repeating: "*?", count: 1_000) + "b", String(repeating: "**a", count: 1_000) + "*x",
        ])
    func `a pattern of any length takes neither long nor much`(pattern: String) throws {
        let rules = try IgnoreRules([pattern, "!\(pattern)/x"])
        #expect(!rules.excludes(Array(repeating: UInt8(ascii: "a"), count: 4_000)))
        #expect(!rules.excludes(Array(String(repeating: "a/", count: 20).utf8) + [UInt8(ascii: "a")]))
        _ = rules.mayIncludeBelow(Array(repeating: UInt8(ascii: "a"), count: 4_000))
    }

    @Test(arguments: [
        ("docs/[", "docs/["), ("a\\", "a\\"), ("!", "!"), (" ! ", " ! "), ("[]a]", "[]a]"), ("x[a", "x[a"),
    ])
    func `a malformed pattern is named with its line`(pattern: String, shown: String) {
        #expect(throws: Failure("use the pattern '\(shown)' of f/.dockerignore:2", "it is malformed")) {
            try IgnoreRules(parsing: Array("\u{FEFF}#x\n\(pattern)".utf8), file: "f/.dockerignore")
        }
        #expect(throws: Failure("use the pattern '\(shown)' of exclude", "it is malformed")) {
            try IgnoreRules([pattern])
        }
    }

    @Test(arguments: [
        (["docs", "!docs/a/b.md"], ["docs", "docs/a"], ["lib", "docs/b", "docs/a/b.md"]),
        (["docs", "!**/b.md"], ["docs", "docs/a", "lib"], []),
        (["docs", "!docs/*/b.md"], ["docs", "docs/a"], ["docs/a/b", "lib"]),
        (["docs"], [], ["docs", "docs/a"]),
    ])
    func `a folder that stays out is entered where something may come in again`(
        patterns: [String], entered: [String], others: [String]
    ) throws {
        let rules = try IgnoreRules(patterns)
        for path in entered { #expect(rules.mayIncludeBelow(Array(path.utf8)), "\(path)") }
        for path in others { #expect(!rules.mayIncludeBelow(Array(path.utf8)), "\(path)") }
    }
}
