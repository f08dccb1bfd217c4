import Dockerfile
import Testing
import Wording

/// Tests for the stages that a build needs. <https://docs.docker.com/build/building/multi-stage/>
struct StageGraphTests {
    private static func graph(
        _ text: String, target: String? = nil, given: [String: String] = [:]
    ) throws -> StageGraph {
        let file = try ParsedDockerfile(parsing: text, file: "Dockerfile")
        let arguments = try GlobalArguments(of: file, automatic: ["TARGETARCH": "amd64"], given: given)
        return try StageGraph(of: file, target: target, arguments: arguments)
    }

    @Test(
        arguments: [
            ("FROM a", nil, [0]), ("FROM a AS x\nFROM b", nil, [1]), ("FROM a AS x\nFROM x", nil, [0, 1]),
            ("FROM a AS x\nFROM b\nCOPY --from=x /a /b", nil, [0, 1]),
            ("FROM a\nFROM b\nCOPY --from=0 /a /b", nil, [0, 1]),
            ("FROM a AS x\nFROM b AS y\nFROM c\nCOPY --from=x a b", nil, [0, 2]),
            ("FROM a AS x\nFROM b AS y\nFROM c", "y", [1]), ("FROM a AS x\nFROM b AS y\nFROM c", "X", [0]),
            ("FROM a AS x\nFROM b AS y\nFROM c", "0", [0]), ("FROM a AS x\nFROM b\nCOPY --from=img:1 a b", nil, [1]),
            ("FROM a AS x\nFROM b\nRUN --mount=from=x,target=/x make", nil, [0, 1]), ("FROM a AS a", nil, [0]),
            ("FROM a AS b\nFROM a AS a\nFROM b", nil, [0, 2]),
            ("ARG s=x\nFROM a AS x\nFROM b AS y\nFROM $s", nil, [0, 2]),
            ("FROM a AS x\nFROM X", nil, [0, 1]),
            // Of two stages with one name, FROM means the last one before it; --from and --target mean the last one of
            // all.
            ("FROM a AS x\nFROM x AS x\nFROM x", nil, [0, 1, 2]), ("FROM a AS x\nFROM b AS x\nFROM x", nil, [1, 2]),
            ("FROM a AS x\nFROM x\nFROM b AS x\nFROM x", nil, [2, 3]),
            ("FROM a AS x\nFROM b AS X\nFROM c\nCOPY --from=x a b", nil, [1, 2]),
            ("FROM a AS x\nFROM b AS x\nFROM c", "x", [1]),
            ("FROM a AS scratch\nFROM scratch AS context\nFROM context", nil, [0, 1, 2]),
        ] as [(String, String?, [Int])])
    func `only what the target needs is built`(_ text: String, _ target: String?, _ expected: [Int]) throws {
        #expect(try Self.graph(text, target: target).needed == expected)
    }

    @Test(
        arguments: [
            ("ARG v=1\nFROM a:$v", [:], "a:1"), ("ARG v=1\nFROM a:${v}-x", ["v": "2"], "a:2-x"),
            ("ARG v\nFROM a:${v:-3}", [:], "a:3"), ("ARG v=1\nARG w=$v.2\nFROM a:$w", [:], "a:1.2"),
            ("FROM a-$TARGETARCH", [:], "a-amd64"), ("ARG v=1 w=2\nFROM a:$v$w", [:], "a:12"),
        ] as [(String, [String: String], String)])
    func `variables in FROM`(_ text: String, _ given: [String: String], _ expected: String) throws {
        #expect(try Self.graph(text, given: given).base(of: 0) == .image(expected))
    }

    @Test(
        arguments: [
            (
                "FROM b AS a\nFROM a AS b", nil,
                "cannot read Dockerfile:1: FROM goes in a circle: 'a' on 'b' on 'a' (line 2)"
            ),
            (
                "FROM c AS a\nFROM a AS b\nFROM b AS c", nil,
                "cannot read Dockerfile:1: FROM goes in a circle: 'a' on 'c' on 'b' on 'a' (line 3)"
            ),
            (
                "FROM b AS a\nFROM x AS b", nil,
                "cannot read Dockerfile:1: stage 'b' begins only at line 2; a stage can stand on earlier ones"
            ),
            (
                "FROM x AS a\nCOPY --from=b q r\nFROM y AS b\nFROM a", nil,
                "cannot read Dockerfile:2: stage 'b' begins only at line 3; a stage can use earlier ones"
            ),
            (
                "FROM x AS a\nCOPY --from=a q r", nil,
                "cannot read Dockerfile:2: --from=a names the stage that it stands in, which would depend on itself"
            ),
            (
                "FROM x\nCOPY --from=1 q r", nil,
                "cannot read Dockerfile:2: there is no stage 1; they are counted from 0"
            ),
            ("FROM x AS build", "biuld", "cannot read --target biuld: there is no such stage; did you mean 'build'?"),
            (
                "FROM x AS build\nFROM y AS run", "zzz",
                "cannot read --target zzz: there is no such stage; its stages are build, run"
            ),
            ("FROM x", "y", "cannot read --target y: there is no such stage; no stage has a name"),
            (
                "FROM $x", nil,
                "cannot read Dockerfile:1: '$x' is empty; give its ARG a value, or type --build-arg"
            ),
        ] as [(String, String?, String)])
    func `a circle and a stage that comes later are refused`(_ text: String, _ target: String?, _ expected: String) {
        let error = #expect(throws: Failure.self) { try Self.graph(text, target: target) }
        #expect(error?.description == expected)
    }

    @Test(.timeLimit(.minutes(1))) func `many stages and many flags do not take long`() throws {
        let froms = (0..<20_000).map { "FROM a\($0) AS b\($0)\n" }.joined()
        #expect(try Self.graph(froms).needed == [19_999])
        let flags = String(repeating: "--mount=type=tmpfs,target=/x ", count: 10_000)
        #expect(try Self.graph("FROM a\nRUN \(flags)true").needed == [0])
    }
}
