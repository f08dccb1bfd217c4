import CLinux
import POSIX
import SystemPackage
import TestSupport
import Testing

@Suite struct FileSystemTests {
    @Test func `a file is written whole, with its exact mode where that is said, and nothing is left beside it`() throws
    {
        let folder = try TemporaryFolder()
        for mode: UInt32 in [0o600, 0o666, 0o755] {
            try FileSystem.write(Array("content".utf8), to: folder("file"), mode: mode, exactly: true, sync: true)
            #expect(try FileStatus(folder("file")).mode == mode)
        }
        #expect(try FileSystem.read(folder("file")) == Array("content".utf8))
        #expect(try FileSystem.names(in: folder.path).map(\.string) == ["file"])
        #expect(throws: POSIXError.self) { try FileSystem.write([], to: folder("absent/file")) }
    }

    @Test func `a file that is there keeps its links, mode and attributes`() async throws {
        let folder = try TemporaryFolder()
        func text() throws -> String { String(decoding: try FileSystem.read(folder("real/file")), as: UTF8.self) }
        try FileSystem.makeFolder(folder("real"))
        try FileSystem.makeSymbolicLink(folder("link"), to: "middle")
        try FileSystem.makeSymbolicLink(folder("middle"), to: folder("real/file"))
        // A dangling link is written through.
        try FileSystem.rewrite(folder("link"), with: Array("first".utf8), mode: 0o600, sync: true)
        #expect(try text() == "first" && FileStatus(folder("real/file")).mode == 0o600)

        try FileSystem.setMode(folder("real/file"), 0o640)
        let canMark = try await Command("setfattr", ["-n", "user.mine", "-v", "x", folder("real/file").string]).run()
        try FileSystem.rewrite(folder("link"), with: Array("second".utf8), mode: 0o600)
        #expect(try text() == "second" && FileStatus(folder("real/file")).mode == 0o640)
        for name in ["link", "middle"] { #expect(try FileStatus(folder(name)).kind == .symbolicLink) }
        if canMark.status == 0 {
            let file = try File(folder("real/file"), .read)
            #expect(try file.extendedAttributes { $0 == "user.mine" } == ["user.mine": Array("x".utf8)])
        }
        // A file for secrets loses permissions that secrets must not have.
        try FileSystem.rewrite(folder("link"), with: [], mode: 0o600, narrow: true)
        #expect(try text() == "" && FileStatus(folder("real/file")).mode == 0o600)
        #expect(try FileSystem.names(in: folder("real")) == ["file"])
    }

    @Test func `what a new file could not pass for is written in place`() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("file", "a long content")
        #expect(try FileSystem.link(file, as: folder("other name")))
        try FileSystem.rewrite(file, with: Array("short".utf8))
        #expect(try FileSystem.read(folder("other name")) == Array("short".utf8))
        try FileSystem.setMode(file, 0o640)
        try FileSystem.rewrite(file, with: [], mode: 0o600, narrow: true)
        #expect(try FileStatus(folder("other name")).mode == 0o600)

        #expect(folder("fifo").withPlatformString { mkfifo($0, 0o600) } == 0)
        let reader = try File(folder("fifo"), .read)
        try FileSystem.rewrite(folder("fifo"), with: Array("through".utf8))
        var chunk = [UInt8](repeating: 0, count: 100)
        #expect(try reader.read(into: &chunk) == 7 && FileStatus(folder("fifo")).kind == .fifo)

        #expect(throws: POSIXError.self) { try FileSystem.rewrite(folder.path, with: []) }
        try FileSystem.makeSymbolicLink(folder("loop"), to: "loop")
        #expect(throws: POSIXError.self) { try FileSystem.rewrite(folder("loop"), with: []) }
    }

    @Test func `a file beyond the limit is refused`() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("file", "12345")
        #expect(try FileSystem.read(file, limit: 5).count == 5)
        let error = #expect(throws: POSIXError.self) { try FileSystem.read(file, limit: 4) }
        #expect(error?.description == "cannot read \(file): File too large")
        #expect(throws: POSIXError.self) { try FileSystem.read(folder.path) }
    }

    @Test func `names come in the order of their bytes`() throws {
        let folder = try TemporaryFolder()
        for name in ["b", "a", "é", "B", ".hidden", "a b", "a\nb", "10", "9"] { try folder.write(name, "") }
        #expect(
            try FileSystem.names(in: folder.path).map(\.string)
                == [".hidden", "10", "9", "B", "a", "a\nb", "a b", "b", "é"])
    }

    @Test func `a tree is removed with what bars the way, and links are not followed`() throws {
        let folder = try TemporaryFolder()
        try folder.write("kept/file", "")
        try folder.write("tree/deep/file", "")
        try FileSystem.makeSymbolicLink(folder("tree/link"), to: folder("kept"))
        try FileSystem.setMode(folder("tree/deep"), 0o000)
        try FileSystem.removeTree(folder("tree"))
        try FileSystem.removeTree(folder("tree"))
        #expect(try FileSystem.names(in: folder.path).map(\.string) == ["kept"])
        #expect(FileSystem.exists(folder("kept/file")))
    }

    @Test func `folders are made with those above them, and a file in the way is an error`() throws {
        let folder = try TemporaryFolder()
        try FileSystem.makeFolder(folder("a/b/c"))
        try FileSystem.makeFolder(folder("a/b/c"))
        #expect(try FileStatus(folder("a/b/c")).kind == .directory)
        try folder.write("file", "")
        let error = #expect(throws: POSIXError.self) { try FileSystem.makeFolder(folder("file")) }
        #expect(error?.errno == .notDirectory)
        #expect(throws: POSIXError.self) { try FileSystem.makeFolder(folder("file/below")) }
    }

    @Test func `links are read, made and resolved`() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("file", "x")
        try FileSystem.makeSymbolicLink(folder("link"), to: "file")
        #expect(try FileSystem.readLink(folder("link")) == "file")
        #expect(try FileStatus(folder("link")).kind == .symbolicLink)
        #expect(try FileStatus(folder("link"), followingLinks: true).kind == .regular)
        #expect(try FileSystem.realPath(folder("link")) == file)
        #expect(throws: POSIXError.self) { _ = try File(readingNoFollow: folder("link")) }
        #expect(try FileSystem.link(file, as: folder("second")))
        #expect(try FileStatus(file).links == 2)
        try FileSystem.makeSymbolicLink(folder("dangling"), to: "nowhere")
        #expect(!FileSystem.exists(folder("dangling")))
    }

    @Test func `a lock is held by one at a time, and goes with its file`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("lock", "")
        do {
            let first = try File(path, .read)
            #expect(try first.lock(wait: false))
            let second = try File(path, .read)
            #expect(try !second.lock(wait: false))
        }
        #expect(try File(path, .read).lock(wait: false))
    }

    @Test func `a changed file is known from its status`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("file", "one")
        let before = try FileStatus(path)
        #expect(try FileStatus(path).isUnchanged(since: before))
        try File(path, .append(mode: 0o644)).write(Array("two".utf8))
        #expect(try !FileStatus(path).isUnchanged(since: before))
        #expect(try FileStatus(path).size == 6)
    }

    @Test func `a file is thrown away and written anew`() throws {
        let folder = try TemporaryFolder()
        let file = try File(folder("file"), .create(mode: 0o600))
        try file.write(Array("much longer".utf8))
        try file.truncate()
        try file.write(Array("short".utf8))
        #expect(try FileSystem.read(folder("file")) == Array("short".utf8))
        #expect(throws: POSIXError.self) { _ = try File(folder("file"), .create(mode: 0o600)) }
    }

    @Test func `an error says what was done to what, and why`() {
        let error = #expect(throws: POSIXError.self) { _ = try File("/nowhere/at/all", .read) }
        #expect(error?.description == "cannot open /nowhere/at/all: No such file or directory")
        #expect(error?.errno == .noSuchFileOrDirectory)
    }

    @Test func `blocking work gives its value or its error`() async throws {
        #expect(await BlockingThread.run { 6 * 7 } == 42)
        await #expect(throws: POSIXError.self) {
            try await BlockingThread.run { () throws(POSIXError) in throw POSIXError("test", "/", .badAddress) }
        }
    }

    @Test func `the environment is read as it is`() {
        #expect(ProcessEnvironment.value("PATH") == ProcessEnvironment.all()["PATH"])
        #expect(ProcessEnvironment.value("CAASCTL_IS_NEVER_SET") == nil)
    }

    @Test func `a file that nobody writes any more can be executed before its descriptor is closed`() throws {
        let folder = try TemporaryFolder()
        let file = try File(folder("new"), .create(mode: 0o755))
        try file.write(Array("content".utf8))
        try FileSystem.rename(folder("new"), to: folder("name"))
        file.endWriting(at: folder("name"))
        #expect(throws: POSIXError.self) { try file.write(Array("more".utf8)) }
        var bytes = [UInt8](repeating: 0, count: 16)
        #expect(try file.read(into: &bytes) == 7)
    }

    @Test func `no file that is written after the time of its folder looks older than that`() throws {
        let folder = try TemporaryFolder()
        for number in 0..<500 {
            let time = try FileSystem.time(in: folder.path)
            let path = folder("file-\(number)")
            try FileSystem.write([1], to: path)
            #expect(try FileStatus(path).modified >= time)
        }
        #expect(try FileSystem.names(in: folder.path).count == 500)
    }
}
