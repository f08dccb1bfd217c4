import RunContract
import Testing

@testable import Supervision

@Suite struct ProgramFileTests {
    struct Start: Sendable, CustomTestStringConvertible {
        let executable: String?
        let isFirst: Bool
        let arguments: [String]
        let path: String
        var isToldOf = false

        var testDescription: String { "\(executable ?? "?") \(arguments) \(isFirst)" }
    }

    static let starts = [
        Start(executable: "/.caas/caas-entrypoint", isFirst: true, arguments: [], path: Program.path),
        // A base image's CMD.
        Start(
            executable: "/.caas/caas-entrypoint", isFirst: true, arguments: ["/evil.json"], path: Program.path,
            isToldOf: true),
        // Below another PID 1, as with docker's --init.
        Start(
            executable: "/.caas/caas-entrypoint", isFirst: false, arguments: ["/evil.json", "x"], path: Program.path,
            isToldOf: true),
        // A copy that a base image contains.
        Start(
            executable: "/copy/caas-entrypoint", isFirst: true, arguments: ["/evil.json"], path: Program.path,
            isToldOf: true),
        // Without /proc the executable is unknown.
        Start(executable: nil, isFirst: false, arguments: ["/evil.json"], path: Program.path, isToldOf: true),
        Start(executable: "/build/caas-entrypoint", isFirst: false, arguments: ["/p.json"], path: "/p.json"),
        Start(executable: "/build/caas-entrypoint", isFirst: false, arguments: [], path: Program.path),
    ]

    @Test(arguments: starts) func `in a container nothing but the image's own program counts`(_ start: Start) {
        let file = ProgramFile(
            arguments: ["caas-entrypoint"] + start.arguments, executable: start.executable, isFirst: start.isFirst)
        #expect(file.path == start.path)
        #expect((file.notice != nil) == start.isToldOf)
    }
}
