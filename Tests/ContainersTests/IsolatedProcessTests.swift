import Containers
import POSIX
import SystemPackage
import Testing

@Suite struct IsolatedProcessTests {
    /// libdispatch ends a process whose threads it does not find in /proc, as it did of a busy machine's RUN.
    @Test func `a process in namespaces of its own finds itself and no other in its proc`() throws {
        let mapping: IDMapping? = CurrentUser.id == 0 ? nil : IDMapping.best.mapping
        let script = "read name </proc/1/comm; echo $name; echo /proc/[0-9]*"
        let process = try IsolatedProcess.start(
            "/bin/sh", ["-c", script], environment: ["PATH": "/usr/bin:/bin"], mapping: mapping)
        var said: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = try process.output.read(into: &chunk)
            if count == 0 { break }
            said += chunk[..<count]
        }
        #expect(process.wait() == 0)
        #expect(String(decoding: said, as: UTF8.self) == "sh\n/proc/1\n")
    }
}
