import Glibc
import POSIX
import Processes
import SystemPackage
import Testing
import Wording

struct ExternalProgramTests {
    private let shell = ExternalProgram(name: "sh", advice: "apt-get install dash")

    @Test(arguments: [
        ("exit 0", true, "exited(0)"), ("exit 3", false, "exited(3)"), ("kill -9 $$", false, "signaled(9)"),
    ])
    func `an outcome says how the program ended, and what it printed`(_ end: (String, Bool, String)) async throws {
        let outcome = try await shell.outcome(["-c", "echo out; echo err >&2; \(end.0)"])
        #expect(outcome.succeeded == end.1)
        #expect(outcome.end == end.2)
        #expect(outcome.output == "out\n" && outcome.errors == "err\n")
    }

    @Test func `a program reads the given file, and nothing without one`() async throws {
        let file = try File.inMemory(Array("words".utf8), name: "input")
        let cat = ExternalProgram(name: "/bin/cat", advice: "")
        #expect(try await cat.outcome([], input: FileDescriptor(rawValue: file.descriptor)).output == "words")
        #expect(try await cat.outcome([]).output.isEmpty)
    }

    @Test func `a failure names the program and the line that names the error`() async throws {
        await #expect(throws: Failure("run sh -c \(Self.complaining)", "fatal: no such ref")) {
            try await shell.run(["-c", Self.complaining])
        }
        await #expect(throws: Failure("run no-such-program", "it is not installed; apt-get install it")) {
            try await ExternalProgram(name: "no-such-program", advice: "apt-get install it").run([])
        }
        await #expect(throws: Failure("run no-such-program", "none is named")) {
            try await ExternalProgram(name: "no-such-program", absence: "none is named").outcome([])
        }
    }

    private static let complaining = "echo first >&2; echo 'fatal: no such ref' >&2; echo last >&2; exit 1"
}

struct SystemProgramTests {
    @Test func `a program gets no signal blocked or ignored, and no open file but the standard ones`() throws {
        // This descriptor is open in this process, and nothing closes it at an exec.
        let kept = open("/dev/null", O_RDONLY)
        defer { close(kept) }
        var printed: [UInt8] = []
        let status = try SystemProgram.run(
            "/bin/sh", ["-c", "grep -E 'SigBlk|SigIgn' /proc/self/status; ls /proc/self/fd"], input: "/dev/null"
        ) { printed += $0 }
        let lines = String(decoding: printed, as: UTF8.self).split(separator: "\n").map(String.init)
        let masks = try lines.prefix(2).map { try #require(UInt64($0.suffix(16), radix: 16)) }
        #expect(status == 0)
        // The signals 32 and 33 are the C library's own: <https://man7.org/linux/man-pages/man7/nptl.7.html>.
        #expect(masks.map { $0 & ~0x1_8000_0000 } == [0, 0], "\(lines)")
        // `ls` itself opens the folder.
        #expect(lines.dropFirst(2) == ["0", "1", "2", "3"])
    }

    @Test func `the exit status decides, and a missing program is an error`() throws {
        #expect(try SystemProgram.run("true", []))
        #expect(try !SystemProgram.run("false", []))
        #expect(throws: POSIXError("run", "no-such-program", .noSuchFileOrDirectory)) {
            try SystemProgram.run("no-such-program", [])
        }
    }
}
