import ImageLayers
import ImageStore
import OCI
import StepExecution
import SystemPackage
import TestSupport
import Testing

/// Tests for the layer that a command makes.
struct StepLayerTests {
    private let fixture: StepFixture

    init() throws { fixture = try StepFixture() }

    @Test(
        arguments: [
            ("echo new >/data/new", ["drwxr-xr-x 0:0 data/", "-rw-r--r-- 0:0 data/new"]),
            ("rm /data/gone", ["drwxr-xr-x 0:0 data/", "-rw-r--r-- 0:0 data/.wh.gone"]),
            ("rm -r /data/old", ["drwxr-xr-x 0:0 data/", "-rw-r--r-- 0:0 data/.wh.old"]),
            (
                "rm -r /data/old; mkdir /data/old; touch /data/old/three",
                [
                    "drwxr-xr-x 0:0 data/", "drwxr-xr-x 0:0 data/old/", "-rw-r--r-- 0:0 data/old/.wh..wh..opq",
                    "-rw-r--r-- 0:0 data/old/three",
                ]
            ),
            ("rm -r /data/old; touch /data/old", ["drwxr-xr-x 0:0 data/", "-rw-r--r-- 0:0 data/old"]),
            (
                "rm /data/kept; mkdir -m 700 /data/kept",
                ["drwxr-xr-x 0:0 data/", "drwx------ 0:0 data/kept/"]
            ),
            ("chmod 4750 /data/kept", ["drwxr-xr-x 0:0 data/", "-rwsr-x--- 0:0 data/kept"]),
            ("chmod 2775 /data", ["drwxrwsr-x 0:0 data/"]),
            (
                "ln /data/kept /data/again; ln -s /nowhere /data/link",
                [
                    "drwxr-xr-x 0:0 data/", "-rw-r--r-- 0:0 data/again", "hrw-r--r-- 0:0 data/kept link to data/again",
                    "lrwxrwxrwx 0:0 data/link -> /nowhere",
                ]
            ),
            ("mkfifo -m 600 /data/pipe", ["drwxr-xr-x 0:0 data/", "prw------- 0:0 data/pipe"]),
            (
                "mv /data/old /data/moved",
                [
                    "drwxr-xr-x 0:0 data/", "-rw-r--r-- 0:0 data/.wh.old", "drwxr-xr-x 0:0 data/moved/",
                    "-rw-r--r-- 0:0 data/moved/one", "-rw-r--r-- 0:0 data/moved/two",
                ]
            ),
            (
                "mkdir -p /a/b; touch /a/b/.hidden '/a/b/with space' /a/b-c",
                [
                    "drwxr-xr-x 0:0 a/", "drwxr-xr-x 0:0 a/b/", "-rw-r--r-- 0:0 a/b/.hidden",
                    "-rw-r--r-- 0:0 a/b/with space", "-rw-r--r-- 0:0 a/b-c",
                ]
            ),
            // These files do not exist at the end, or did not exist before.
            ("touch /tmp/x /data/y; rm /tmp/x /data/y; mkdir /z; rm -r /z", []),
            ("true", []),
        ] as [(String, [String])])
    func `a command's changes are a layer`(script: String, expected: [String]) async throws {
        let layer = try await fixture.run(script, on: [try await fixture.base()])
        #expect(try await fixture.list(layer) == expected)
        #expect(fixture.said.warnings == [])
    }

    @Test func `owners are kept`() async throws {
        let layer = try await fixture.run(
            "chown web /data/kept; chown -h web:extra /data/old; mkdir /own; chown 33:44 /own",
            on: [try await fixture.base()])
        #expect(
            try await fixture.list(layer) == [
                "drwxr-xr-x 0:0 data/", "-rw-r--r-- 33:0 data/kept", "drwxr-xr-x 33:70 data/old/",
                "drwxr-xr-x 33:44 own/",
            ])
    }

    /// An untrusted Dockerfile can reach neither the machine's keys and clock nor the traffic on its network.
    @Test func `a command gets docker's system calls, and reads no other program's packets`() async throws {
        let script = """
            while read name value; do case $name in Seccomp:) echo "filter $value";; CapBnd:) echo "rights $value";; esac
            done </proc/self/status
            for call in "unshare -m true" "unshare -n true" "hostname x" "busybox mount -t tmpfs x /tmp"; do
                busybox $call 2>&1 && echo "done: $call"; done; true
            """
        _ = try await fixture.run(script, on: [try await fixture.base()])
        let said = fixture.said.output
        #expect(said.first { $0.hasPrefix("filter ") } == "filter 2", "\(said)")
        // Bit 13 is CAP_NET_RAW. <https://man7.org/linux/man-pages/man7/capabilities.7.html>
        let rights = try #require(said.first { $0.hasPrefix("rights ") }?.split(separator: " ").last)
        #expect(try #require(UInt64(rights, radix: 16)) & 1 << 13 == 0)
        #expect(!said.contains { $0.hasPrefix("done: ") }, "\(said)")
        _ = try await fixture.run("cat /proc/self/status", on: [try await fixture.base()]) { $0.network = .none }
        let own = try #require(fixture.said.output.first { $0.hasPrefix("CapBnd:") }?.split(separator: "\t").last)
        #expect(try #require(UInt64(own, radix: 16)) & 1 << 13 != 0)
    }

    @Test func `a command sees what the one before it changed`() async throws {
        let base = try await fixture.base()
        let first = try #require(
            try await fixture.run("rm -r /data/old; mkdir /data/old; echo a >/data/old/a", on: [base]))
        let second = try #require(
            try await fixture.run("ls /data/old; echo b >/data/old/b; rm /data/old/a", on: [base, first]))
        #expect(fixture.said.output == ["a"])
        #expect(
            try await fixture.list(second) == [
                "drwxr-xr-x 0:0 data/", "drwxr-xr-x 0:0 data/old/", "-rw-r--r-- 0:0 data/old/.wh.a",
                "-rw-r--r-- 0:0 data/old/b",
            ])
        let third = try await fixture.run("ls /data/old", on: [base, first, second])
        #expect(third == nil)
        #expect(fixture.said.output == ["a", "b"])
    }

    @Test func `two machines make the same layer`() async throws {
        let other = try StepFixture()
        let script = "echo new >/data/new; ln /data/new /data/again; rm -r /data/old; mkdir /made"
        let one = try await fixture.run(script, on: [try await fixture.base()])
        let two = try await other.run(script, on: [try await other.base()])
        #expect(one?.descriptor == two?.descriptor)
        #expect(one != nil)
    }

    @Test func `a command is not run again for what it did before`() async throws {
        let base = try await fixture.base()
        let first = try await fixture.run("echo ran; touch /x", on: [base])
        let second = try await fixture.run("echo ran; touch /x", on: [base])
        #expect(first == second)
        #expect(fixture.said.output == ["ran"])
        for _ in 0..<2 { #expect(try await fixture.run("echo nothing", on: [base]) == nil) }
        #expect(fixture.said.output == ["ran", "nothing"])
        _ = try await fixture.run("echo ran; touch /x", on: [base]) { $0.environment = [("A", "1")] }
        #expect(fixture.said.output == ["ran", "nothing", "ran"])
    }

    @Test func `no file is younger than the epoch, and Python's bytecode knows`() async throws {
        // A header of PEP 552: a magic number, no flags, the source's time 1700000000 and its size 3.
        let header = #"\003\363\r\n\000\000\000\000\000\361\123\145\003\000\000\000"#
        let script = """
            mkdir -p /m/__pycache__; echo ab >/m/mod.py; printf '\(header)code' >/m/__pycache__/mod.cpython-311.pyc
            touch -d @1700000000 /m/mod.py; cp /m/__pycache__/mod.cpython-311.pyc /m/__pycache__/other.cpython-311.pyc
            touch -d @1000 /m/older
            """
        let layer = try #require(try await fixture.run(script, on: [try await fixture.base()], epoch: 1_600_000_000))
        let blob = fixture.store.path(of: layer.descriptor.digest).string
        let times = try await Command("bsdtar", ["-tvf", blob], environment: ["TZ": "UTC", "LC_ALL": "C"]).succeed()
        for line in times.split(separator: "\n") {
            #expect(line.contains(line.hasSuffix("older") ? "Jan  1  1970" : "Sep 13  2020"), "\(line)")
        }
        for (name, time) in [("mod", "00105e5f"), ("other", "00f15365")] {
            let command =
                "bsdtar -xOf \(blob) m/__pycache__/\(name).cpython-311.pyc | od -An -tx1 -j8 -N4 | tr -d ' \n'"
            #expect(try await Command("sh", ["-c", command]).succeed() == time)
        }
    }
}
