import Dockerfile
import Testing

/// Tests for joining lines to instructions. <https://docs.docker.com/reference/dockerfile/#format>
struct LinesTests {
    @Test(arguments: [
        // The text, and the text of each instruction after FROM.
        ("RUN a", ["RUN a"]),
        ("run a\nRuN b", ["RUN a", "RUN b"]),
        ("# comment\n  # comment\nRUN a", ["RUN a"]),
        ("   RUN a", ["RUN a"]),
        ("\tRUN  a  b ", ["RUN a  b"]),
        ("RUN a # no comment", ["RUN a # no comment"]),
        ("\n\n\nRUN a\n\n", ["RUN a"]),
        ("RUN a \\\n  b", ["RUN a   b"]),
        ("RUN a \\  \n  b", ["RUN a   b"]),
        ("RUN a \\\n# comment\n b", ["RUN a  b"]),
        ("RUN a \\\n   # comment\n b", ["RUN a  b"]),
        ("RUN a \\\n\n\n b", ["RUN a  b"]),
        ("RUN a \\\n # one\n\n # two\n b\nRUN c", ["RUN a  b", "RUN c"]),
        ("RUN a \\", ["RUN a"]),
        ("RUN a\\\\\nRUN b", ["RUN a\\\\", "RUN b"]),
        ("RUN a\r\nRUN b\r\n", ["RUN a", "RUN b"]),
        ("RUN a \\\r\n b\r\n", ["RUN a  b"]),
        ("RUN echo hello \\\n# comment \\\nworld", ["RUN echo hello world"]),
        ("\\\nRUN a", ["RUN a"]),
        ("RUN a\u{85}b", ["RUN a\u{85}b"]),
    ])
    func `comments, empty lines and continuations`(_ text: String, _ expected: [String]) throws {
        #expect(try instructions(text).map(\.text) == expected)
    }

    @Test func `an instruction knows the line where it begins`() throws {
        let all = try instructions("\n# comment\nRUN a \\\n\n b\n\nCMD c\nCOPY <<E /x\n1\n2\nE\nUSER d")
        #expect(all.map(\.place.line) == [4, 8, 9, 13])
    }

    @Test(
        arguments: [
            ("FROM scratch", "\\", nil, nil),
            ("# escape=`\nFROM scratch", "`", nil, nil),
            ("#escape = \\\nFROM scratch", "\\", nil, nil),
            ("# eScApE=`\nFROM scratch", "`", nil, nil),
            ("#\t  escape=`  \nFROM scratch", "`", nil, nil),
            ("# syntax=docker/dockerfile:1\n# escape=`\nFROM scratch", "`", "docker/dockerfile:1", nil),
            ("# check=skip=all;error=true\nFROM scratch", "\\", nil, "skip=all;error=true"),
            ("# a comment\n# escape=`\nFROM scratch", "\\", nil, nil),
            ("\n# escape=`\nFROM scratch", "\\", nil, nil),
            ("# unknown=1\n# escape=`\nFROM scratch", "\\", nil, nil),
            ("FROM scratch\n# escape=`\n", "\\", nil, nil),
            ("\u{FEFF}# escape=`\nFROM scratch", "`", nil, nil),
            ("# escape=`\r\nFROM scratch\r\n", "`", nil, nil),
        ] as [(String, String, String?, String?)])
    func `directives stand at the top`(_ text: String, _ escape: String, _ syntax: String?, _ check: String?) throws {
        let directives = try ParsedDockerfile(parsing: text, file: "Dockerfile").directives
        #expect(String(directives.escape) == escape)
        #expect(directives.syntax == syntax)
        #expect(directives.check == check)
    }

    @Test func `a backquote continues lines where it is the escape, and a backslash does not`() throws {
        #expect(try instructions("RUN a `\n b", escape: "`").map(\.text) == ["RUN a  b"])
        #expect(try instructions("COPY a c:\\\nRUN b", escape: "`").map(\.text) == ["COPY a c:\\", "RUN b"])
    }
}
