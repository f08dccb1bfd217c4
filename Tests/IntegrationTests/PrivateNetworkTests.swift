import POSIX
import SystemPackage
import TestSupport
import Testing

/// Tests that with `--network private` RUN reaches other machines, but no server on this machine's loopback interface.
@Suite(.enabled(if: CurrentUser.id == 0, "a network for the test can be made by root alone"))
struct PrivateNetworkTests {
    private let folder: TemporaryFolder

    init() async throws {
        folder = try TemporaryFolder()
        try await Command("cp", ["--dereference", try await Busybox.path().string, folder("busybox").string]).succeed()
        try folder.write("served/word", "from outside")
    }

    private func write(run script: String) throws {
        try folder.write("run.sh", "b() { /busybox \"$@\"; }\n\(script)\n", mode: 0o755)
        try folder.write(
            "Dockerfile", "FROM scratch\nCOPY busybox run.sh /\nRUN [\"/busybox\", \"sh\", \"-ec\", \". /run.sh\"]\n")
    }

    @Test func `a command reaches other machines, and not the loopback of this one`() async throws {
        try write(
            run: #"""
                ask() { printf 'GET /word HTTP/1.0\r\n\r\n' | b nc -w 60 $1; }
                ask "192.0.2.1 8080" >/word
                for host in 127.0.0.1 10.0.2.2; do
                    if ask "$host 8081" >/leak; then echo "reached $host"; exit 1; fi
                done
                b cat /etc/resolv.conf /word
                """#)
        // A network of the test's own, whose other address stands for another machine's.
        let script = #"""
            busybox ip link set lo up
            busybox ip addr add 192.0.2.1/32 dev lo
            busybox httpd -p 192.0.2.1:8080 -h served
            busybox httpd -p 127.0.0.1:8081 -h served
            printf 'GET /word HTTP/1.0\r\n\r\n' | busybox nc 127.0.0.1 8081 >heard
            "$@"
            """#
        var build = Command.caasctl(
            ["build", "--file", "Dockerfile", "--network", "private", "--output", "oci:out:1"], in: folder)
        try folder.write("network.sh", script.replacing("busybox ", with: "\(folder("busybox")) "), mode: 0o755)
        let words = ["--net", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "network.sh", build.program]
        build.arguments = words + build.arguments
        build.program = "unshare"
        let outcome = try await build.run()
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(String(decoding: try FileSystem.read(folder("heard")), as: UTF8.self).hasSuffix("from outside"))
        #expect(outcome.errors.contains("nameserver 10.0.2.3"), "\(outcome.errors)")
        #expect(outcome.errors.contains("from outside"), "\(outcome.errors)")
    }

    @Test func `nothing of the network is left when the build is killed`() async throws {
        try write(run: "echo waiting; b sleep 1000")
        let build = try RunningProgram(
            Checkout.program("caasctl"), ["build", "--file", folder("Dockerfile").string, "--network", "private"],
            environment: ["CAASCTL_HOME": folder("home").string], log: folder("log"))
        let found = try await eventually(within: 120) { () -> ProcessIdentity? in
            if build.status != nil { throw BuildEnded() }
            return build.printed.contains("waiting") ? try child(of: build.pid, named: "slirp4netns") : nil
        }
        let network = try #require(found, "\(build.printed)")
        build.signal(9)
        let isGone = try await eventually(within: 60) { network.isAlive ? nil : true }
        #expect(isGone == true)
    }

    private struct BuildEnded: Error {}

    private func child(of pid: Int32, named name: String) throws -> ProcessIdentity? {
        let tasks = FilePath("/proc/\(pid)/task")
        for task in try FileSystem.names(in: tasks) {
            let children = (try? FileSystem.read(tasks.appending(task).appending("children"))) ?? []
            for child in String(decoding: children, as: UTF8.self).split(separator: " ").compactMap({ Int32($0) }) {
                let comm = (try? FileSystem.read(FilePath("/proc/\(child)/comm"))) ?? []
                if String(decoding: comm, as: UTF8.self) == "\(name)\n" { return ProcessIdentity(pid: child) }
            }
        }
        return nil
    }
}
