import POSIX
import SystemPackage
import TestSupport
import Testing

@testable import struct ImageLayers.BytecodeHeader

@Suite struct BytecodeTests {
    /// Returns a header of Python 3.11: the magic number, flags, then time and size or a digest.
    private static func header(flags: UInt8, time: [UInt8], magic: [UInt8] = [0xA7, 0x0D, 0x0D, 0x0A]) -> [UInt8] {
        magic + [flags, 0, 0, 0] + time + [9, 9, 9, 9]
    }

    @Test(arguments: [
        (header(flags: 0, time: [0, 0, 0, 0]), Int64(0), false), (header(flags: 0, time: [0, 0, 0, 0]), 1, true),
        (header(flags: 0, time: [4, 3, 2, 1]), 0, true), (header(flags: 0, time: [4, 3, 2, 1]), 0x0102_0304, false),
        // Times after 2106 are compared by their lower 32 bits.
        (header(flags: 0, time: [4, 3, 2, 1]), 0x1_0102_0304, false),
        (header(flags: 1, time: [4, 3, 2, 1]), 0, false), (header(flags: 3, time: [4, 3, 2, 1]), 0, false),
        (header(flags: 0, time: [4, 3, 2, 1], magic: [0x03, 0xF3, 0x0D, 0x0A]), 0, false),
        (header(flags: 0, time: [4, 3, 2, 1], magic: [0xA7, 0x0D, 0, 0]), 0, false),
        ([0xA7, 0x0D, 0x0D, 0x0A], 0, false),
    ])
    func `only a time that differs makes bytecode stale`(bytes: [UInt8], time: Int64, isStale: Bool) {
        let header = bytes.withUnsafeBytes { BytecodeHeader($0) }
        #expect((header?.isStale(sourceTime: time) ?? false) == isStale)
    }

    @Test func `stale bytecode is counted once for a folder, also where nothing is read again`() async throws {
        let fixture = try BuildFixture()
        let folder = fixture.folder
        for name in ["a", "deep/b"] { try folder.write("image/files/\(name).py", "x = 1\n") }
        let files = folder("image/files").string
        func warnings(_ options: String = "") async throws -> [String] {
            let before = fixture.events.warnings.count
            _ = try await fixture.build(
                "name: app\nbase: scratch\nlayers:\n  - files: {from: files, into: /app\(options)}\n")
            return Array(fixture.events.warnings.dropFirst(before))
        }
        try await Command("python3", ["-m", "compileall", "-q", files]).succeed()
        let line = """
            files: files into /app: 2 .pyc files are stale in the image, since the files' times change, and Python will \
            compile anew at every start; type 'python3 -m compileall --invalidation-mode checked-hash' in the folder, or \
            say 'mtime: keep'
            """
        #expect(try await warnings() == [line])
        #expect(try await warnings() == [line])
        #expect(try await warnings(", mtime: keep") == [])
        let mended = ["-m", "compileall", "-q", "-f", "--invalidation-mode", "checked-hash", files]
        try await Command("python3", mended).succeed()
        #expect(try await warnings() == [])
    }
}
