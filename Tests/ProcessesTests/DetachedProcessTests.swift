import SystemPackage
import TestSupport
import Testing

import Processes

@testable import POSIX

struct DetachedProcessTests {
    @Test func `a detached process is found by its mark, ended, and known to have ended`() async throws {
        let folder = try TemporaryFolder()
        let mark = "\(folder.path)#"
        let process = try DetachedProcess.start(
            "/bin/sh", ["-c", "echo out; echo err >&2; exec sleep 600"], environment: ["MARK": mark + "one"],
            output: folder("out"), errors: folder("err"))
        #expect(process.isAlive)
        let printed = try await eventually { (try? FileSystem.read(folder("err")))?.isEmpty == false ? true : nil }
        #expect(printed == true)
        #expect(ProcessIdentity.all(environment: "MARK", beginning: mark) == [process])
        #expect(try FileSystem.read(folder("out")) == Array("out\n".utf8))
        #expect(process.signal(9))
        let ended = try await eventually { process.isAlive ? nil : true }
        #expect(ended == true)
        #expect(!process.signal(9))
        #expect(ProcessIdentity.all(environment: "MARK", beginning: mark).isEmpty)
    }

    @Test func `a number that another process has now is not the process`() throws {
        let other = ProcessIdentity(pid: 1, started: .max)
        #expect(!other.isAlive)
        #expect(!other.signal(0))
        #expect(try #require(ProcessIdentity(pid: 1)).isAlive)
    }

    @Test func `a program that is not there is an error`() throws {
        let folder = try TemporaryFolder()
        #expect(throws: POSIXError.self) {
            try DetachedProcess.start(
                "/nonexistent", [], environment: [:], output: folder("out"), errors: folder("out"))
        }
    }
}
