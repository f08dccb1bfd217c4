import Dockerfile
import Testing

/// Tests for heredocs. <https://docs.docker.com/reference/dockerfile/#here-documents>
struct HeredocTests {
    private static func heredocs(_ text: String) throws -> [Heredoc] {
        switch try action(text) {
        case .run(let step): return step.heredocs
        case .copy(let transfer), .add(let transfer):
            return transfer.sources.compactMap { if case .heredoc(let heredoc) = $0 { heredoc } else { nil } }
        default: return []
        }
    }

    @Test(
        arguments: [
            // The text, then the names, the contents, and whether variables are expanded.
            ("COPY <<EOF /x\na\nb\nEOF", ["EOF"], ["a\nb\n"], [true]),
            ("COPY <<EOF /x\nEOF", ["EOF"], [""], [true]),
            ("COPY <<'EOF' /x\n$a\nEOF", ["EOF"], ["$a\n"], [false]),
            ("COPY <<\"EOF\" /x\n$a\nEOF", ["EOF"], ["$a\n"], [false]),
            ("COPY <<E\"O\"F /x\n$a\nEOF", ["EOF"], ["$a\n"], [false]),
            ("COPY <<-EOF /x\n\ta\n\t\tb c\n\tEOF", ["EOF"], ["a\nb c\n"], [true]),
            ("COPY <<-'EOF' /x\n\ta\n  EOF\nEOF", ["EOF"], ["a\n  EOF\n"], [false]),
            ("COPY <<a <<b /x/\n1\na\n2\nb", ["a", "b"], ["1\n", "2\n"], [true, true]),
            ("COPY x <<a y /x/\n1\na", ["a"], ["1\n"], [true]),
            ("ADD <<EOF /x\n# no comment\n\\\nEOF", ["EOF"], ["# no comment\n\\\n"], [true]),
            ("RUN <<EOF\nfalse\nEOF", ["EOF"], ["false\n"], [true]),
            ("RUN <<EOF cat && <<FOO cat\n1\nEOF\n2\nFOO", ["EOF", "FOO"], ["1\n", "2\n"], [true, true]),
            ("RUN 3<<EOF cat\n1\nEOF", ["EOF"], ["1\n"], [true]),
            ("RUN --mount=type=tmpfs,target=/x <<EOF\n1\nEOF", ["EOF"], ["1\n"], [true]),
            ("RUN cat \\\n<<EOF\n1\nEOF", ["EOF"], ["1\n"], [true]),
            ("RUN cat <<<word", [], [], []),
            ("RUN echo a<<EOF", [], [], []),
            ("RUN echo \"<<EOF\"", [], [], []),
            ("RUN echo $(( 1 << 2 ))", [], [], []),
            ("RUN [\"echo\", \"<<EOF\"]", [], [], []),
            ("CMD cat <<EOF", [], [], []),
            ("COPY <<EOF /x\r\na\r\nEOF\r\n", ["EOF"], ["a\r\n"], [true]),
            ("COPY <<robots.txt /x\na\nrobots.txt", ["robots.txt"], ["a\n"], [true]),
        ] as [(String, [String], [String], [Bool])])
    func `a word announces a file`(
        _ text: String, _ names: [String], _ contents: [String], _ expanded: [Bool]
    ) throws {
        let heredocs = try Self.heredocs(text)
        #expect(heredocs.map(\.name) == names)
        #expect(heredocs.map(\.content) == contents)
        #expect(heredocs.map(\.isExpanded) == expanded)
    }

    @Test func `instructions go on after a heredoc`() throws {
        let all = try instructions("COPY <<A /a\nRUN x\nA\nUSER b")
        #expect(all.map(\.text) == ["COPY <<A /a", "USER b"])
    }

    @Test func `a trigger keeps its heredoc`() throws {
        guard case .onBuild(let text) = try action("ONBUILD COPY <<A /a\n1\nA") else { return }
        #expect(text == "COPY <<A /a\n1\nA")
        let trigger = try ParsedDockerfile.trigger(text, of: "base")
        guard case .copy(let transfer) = trigger.action else { return }
        #expect(transfer.sources.count == 1)
    }
}
