import POSIX
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Sandbox

struct LogFollowerTests {
    @Test(arguments: [
        (["one\ntwo\n"], "data: one\n\ndata: two\n\n", ""),
        (["on", "e\ntw"], "data: one\n\n", "tw"),
        (["\n\n"], "data: \n\ndata: \n\n", ""),
        (["a\r\n"], "data: a\n\n", ""),
        (["10%\r20%\n"], "data: 10%\ndata: 20%\n\n", ""),
        (["ünï\n"], "data: ünï\n\n", ""),
    ])
    func `lines become events`(pieces: [String], events: String, rest: String) {
        var line: [UInt8] = []
        let written = pieces.flatMap { ContainerLogFollower.events(Array($0.utf8), line: &line) }
        #expect(String(decoding: written, as: UTF8.self) == events)
        #expect(String(decoding: line, as: UTF8.self) == rest)
    }

    @Test func `a line without end is cut`() {
        var line: [UInt8] = []
        let written = ContainerLogFollower.events([UInt8](repeating: 0x78, count: 200_000), line: &line)
        #expect(line.count < 65_536)
        #expect(written.count > 100_000)
    }

    @Test func `a log is followed until its writer has ended, and not one event sooner`() async throws {
        let folder = try TemporaryFolder()
        let path = folder("log")
        let box = Box(isOver: false)
        let follower = ContainerLogFollower(path: path) { box.isOver.withLock { $0 } }
        let sink = Collector()
        let task = Task { try await follower.follow(to: sink) }
        try await Task.sleep(for: .milliseconds(300))
        let file = try File(path, .append(mode: 0o600))
        try file.write(Array("first\nsec".utf8))
        let first = try await eventually { sink.text == "data: first\n\n" ? true : nil }
        #expect(first == true)
        try file.write(Array("ond\nlast".utf8))
        box.isOver.withLock { $0 = true }
        try await task.value
        #expect(sink.text == "data: first\n\ndata: second\n\ndata: last\n\n")
    }

    private final class Box: Sendable {
        let isOver: Mutex<Bool>
        init(isOver: Bool) { self.isOver = Mutex(isOver) }
    }

    private final class Collector: EventSink {
        private let bytes = Mutex<[UInt8]>([])
        var text: String { String(decoding: bytes.withLock { $0 }, as: UTF8.self) }
        func send(_ new: [UInt8]) async throws { bytes.withLock { $0.append(contentsOf: new) } }
    }
}
