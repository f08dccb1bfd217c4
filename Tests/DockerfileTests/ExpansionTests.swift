import Dockerfile
import Testing
import Wording

/// Tests for the expansion of variables.
///
/// <https://docs.docker.com/reference/dockerfile/#environment-replacement>
struct ExpansionTests {
    private static let variables = [
        "foo": "bar", "empty": "", "path": "/usr/local/bin", "file": "archive.tar.gz", "spaces": "a b  c", "_x1": "y",
        "1": "one", "star": "a*b", "lines": "a\nb",
    ]
    private static let place = SourcePlace(file: "Dockerfile", line: 7)

    private static func expansion(escape: Unicode.Scalar = "\\") -> Expansion {
        Expansion(escape: escape) { variables[$0] }
    }

    @Test(arguments: [
        ("", ""), ("abc", "abc"), ("$foo", "bar"), ("${foo}", "bar"), ("${foo}_x", "bar_x"), ("$foo_x", ""),
        ("a${foo}b$foo", "abarbbar"), ("$", "$"), ("a$", "a$"), ("$ a", "$ a"), ("$/x", "$/x"), ("$_x1", "y"),
        ("$12", ""), ("${1}", "one"), ("$1x", "onex"), ("$none", ""), ("${none}", ""), ("$$foo", "foo"),
        // Escapes
        (#"\$foo"#, "$foo"), (#"\${foo}"#, "${foo}"), (#"\\$foo"#, #"\bar"#), (#"\\\$foo"#, #"\$foo"#), (#"a\b"#, "ab"),
        (#"a\ b"#, "a b"), (#"a\"#, "a"), (#"\'"#, "'"), (#"\""#, "\""),
        // Quotes
        ("'$foo'", "$foo"), (#"'\a'"#, #"\a"#), ("\"$foo\"", "bar"), (#""\$foo""#, "$foo"), (#""\"""#, "\""),
        (#""a\b""#, #"a\b"#), (#""\\""#, #"\"#), ("\"'$foo'\"", "'bar'"), ("'\"'", "\""), ("a'b c'd", "ab cd"),
        ("\"a\"'b'c", "abc"), ("\"\"", ""), ("''", ""),
        // Defaults and alternatives
        ("${foo:-x}", "bar"), ("${empty:-x}", "x"), ("${none:-x}", "x"), ("${foo-x}", "bar"), ("${empty-x}", ""),
        ("${none-x}", "x"), ("${foo:+x}", "x"), ("${empty:+x}", ""), ("${none:+x}", ""), ("${foo+x}", "x"),
        ("${empty+x}", "x"), ("${none+x}", ""), ("${none:-$foo}", "bar"), ("${none:-${foo}}", "bar"),
        ("${none:-${empty:-deep}}", "deep"), ("${none:-'a b'}", "a b"), (#"${none:-a\}b}"#, "a}b"),
        ("${none:-}", ""), ("${none:-\"$foo\"}", "bar"), ("${foo:+${path}}", "/usr/local/bin"),
        ("${foo?missing}", "bar"), ("${foo:?missing}", "bar"), ("${empty?missing}", ""),
        // Patterns
        ("${file#*.}", "tar.gz"), ("${file##*.}", "gz"), ("${file%.*}", "archive.tar"), ("${file%%.*}", "archive"),
        ("${path#/*/}", "local/bin"), ("${path##*/}", "bin"), ("${path%/*}", "/usr/local"), ("${path%%/*}", ""),
        ("${file#x}", "archive.tar.gz"), ("${file#archive}", ".tar.gz"), ("${file#?}", "rchive.tar.gz"),
        (#"${star#a\*}"#, "b"), (#"${star%\*b}"#, "a"), ("${none#x}", ""), ("${file%.${none:-gz}}", "archive.tar"),
        // Replacements
        ("${foo/b/c}", "car"), ("${file/./-}", "archive-tar.gz"), ("${file//./-}", "archive-tar-gz"),
        ("${foo//a/}", "br"), (#"${path/\/usr/X}"#, "X/local/bin"), (#"${path//\//_}"#, "_usr_local_bin"),
        ("${file/a*a/x}", "xr.gz"), ("${file/?r?/x}", "xhive.tar.gz"), ("${file//?*./x}", "xgz"),
        ("${file//a/bc}", "bcrchive.tbcr.gz"),
        ("${path%/*/*}", "/usr"), ("${path#*l*l}", "/bin"), ("${path##*l*l}", "/bin"), ("${path%l*l*}", "/usr/"),
        ("${path%%l*l*}", "/usr/"), ("${foo#}", "bar"), ("${foo#*}", "bar"), ("${foo##*}", ""), ("${foo//*/x}", "x"),
        ("${file/.*/}", "archive"), ("${foo/x/y}", "bar"), ("${foo/?/$_x1}", "yar"), ("${none/a/b}", ""),
        (#"${path//\//\/}"#, #"\/usr\/local\/bin"#), (#"${foo/a/\}}"#, #"b\}r"#), ("${foo/$none/x}", "xbar"),
        ("${foo//$none/x}", "xbxaxrx"), ("${foo//*/x}", "x"), ("${foo//r*/x}", "bax"), ("${none//*/x}", "x"),
        ("${none/*/x}", "x"), (#"${lines#*}"#, "a\nb"), ("${lines##*}", "\nb"), ("${lines%%?*}", "a\n"),
        ("${lines//*/x}", "x\nx"), (#"${star%\**}"#, "a"), (#"${file#\}}"#, "archive.tar.gz"),
    ])
    func `a word`(_ text: String, _ expected: String) throws {
        #expect(try Self.expansion().word(text, at: Self.place) == expected)
    }

    @Test(arguments: [
        ("a b", ["a", "b"]), ("$spaces", ["a", "b", "c"]), ("\"$spaces\"", ["a b  c"]), ("x$spaces", ["xa", "b", "c"]),
        ("'a b' c", ["a b", "c"]), (#"a\ b"#, ["a b"]), ("$none", []), ("  a  ", ["a"]), ("$foo$foo", ["barbar"]),
    ])
    func `several words`(_ text: String, _ expected: [String]) throws {
        #expect(try Self.expansion().words(text, at: Self.place) == expected)
    }

    @Test(arguments: [
        ("it's $foo\n", "it's bar\n"), ("\"$foo\"", "\"bar\""), (#"\$foo \\ a\b"#, #"$foo \ ab"#),
        ("'${foo}'", "'bar'"), ("${none:-'x'}", "'x'"),
    ])
    func `a heredoc's content`(_ text: String, _ expected: String) throws {
        #expect(try Self.expansion().content(text, at: Self.place) == expected)
    }

    @Test func `a backquote escapes where it is chosen`() throws {
        let expansion = Self.expansion(escape: "`")
        #expect(try expansion.word(#"c:\x\$foo"#, at: Self.place) == #"c:\x\bar"#)
        #expect(try expansion.word("`$foo", at: Self.place) == "$foo")
        #expect(try expansion.word("\"`$foo\"", at: Self.place) == "$foo")
    }

    @Test(arguments: [
        ("${foo", "'}' is missing in '${foo'"), ("${", "'${' is not followed by a name in '${'"),
        ("${}", "'${' is not followed by a name in '${}'"), ("${:-x}", "'${' is not followed by a name in '${:-x}'"),
        ("${foo:x}", "after '${foo:' comes '-', '+' or '?' in '${foo:x}'"),
        ("${foo:#x}", "after '${foo:' comes '-', '+' or '?' in '${foo:#x}'"),
        ("${foo^^}", "'^' cannot follow '${foo' in '${foo^^}'"), ("${foo:-x", "'}' is missing in '${foo:-x'"),
        ("${foo/a}", "'/' is missing in '${foo/a}'"),
        (
            #"${foo#\b}"#,
            #"a backslash in the pattern '\b' is before none of '*', '?', '\', '/' and '}' in '${foo#\b}'"#
        ),
        ("'a", "a single quote is not closed in ''a'"),
        ("\"a", "a double quote is not closed in '\"a'"), ("${none?}", "none must be set"),
        ("${none:?say which}", "none: say which"), ("${empty:?say which}", "empty: say which"),
    ])
    func `what cannot be replaced is named`(_ text: String, _ expected: String) {
        #expect(throws: Failure("read Dockerfile:7", expected)) {
            try Self.expansion().word(text, at: Self.place)
        }
    }

    @Test(arguments: ["${none:-", "${none-", "\"${none:-\"", "${none#", "${none/"])
    func `variables that are nested without end are refused`(opening: String) throws {
        let text = String(repeating: opening, count: 20_000)
        let error = #expect(throws: Failure.self) { try Self.expansion().word(text, at: Self.place) }
        #expect(error?.reason == "its variables are nested more than 100 deep")
        #expect(try ParsedDockerfile(parsing: "FROM a\nRUN <<\(text)", file: "Dockerfile").stages.count == 1)
    }

    @Test(arguments: ["$long", "${long}", "${none:-$long}", "${foo:+$long}", "${long#a}", "${long//a/$long}"])
    func `variables that make a text too long are refused`(text: String) throws {
        let long = String(repeating: "a", count: 5000)
        let expansion = Expansion(escape: "\\") { $0 == "long" ? long : Self.variables[$0] }
        let error = #expect(throws: Failure.self) {
            try expansion.word(String(repeating: text, count: 300), at: Self.place)
        }
        #expect(error?.reason == "its variables make a text longer than 1048576 bytes")
    }

    @Test(arguments: [
        (String(repeating: "ARG v=$v$v\n", count: 40), "its variables make a text longer than 1048576 bytes"),
        (
            (0..<3000).map { "ARG w\($0)=$v\n" }.joined(),
            "the values of variables and labels are longer than 2097152 bytes up to here"
        ),
    ])
    func `arguments that become too long are refused`(lines: String, reason: String) throws {
        let text = "ARG v=\(String(repeating: "a", count: 1000))\n\(lines)FROM a\n"
        let file = try ParsedDockerfile(parsing: text, file: "Dockerfile")
        let error = #expect(throws: Failure.self) {
            try GlobalArguments(of: file, automatic: [:], given: [:])
        }
        #expect(error?.reason == reason)
    }

    /// Each of them fits nowhere, and is tried at every place.
    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            "${long%%*ab}", "${long##a*b}", "${long#*b}", "${long%b*}", "${long//a*b/x}", "${long//*b/x}",
            "${long//?*b*a/x}",
        ])
    func `a pattern does not take long`(text: String) throws {
        let long = String(repeating: "a", count: 100_000)
        #expect(try Expansion(escape: "\\") { _ in long }.word(text, at: Self.place) == long)
    }
}
