import OCI
import POSIX
import TestSupport
import Testing

@testable import ImageLayers
import Wording

@Suite struct DebianArchitectureTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        // The format in which Debian's binfmt-support registers qemu.
        let magic = "7f454c460201010000000000000000000200"
        for (name, state, machine) in [("qemu-aarch64", "enabled", "b700"), ("qemu-riscv64", "disabled", "f300")] {
            try folder.write(
                "handlers/\(name)",
                "\(state)\ninterpreter /usr/libexec/\(name)\nflags: POCF\noffset 0\nmagic \(magic)\(machine)\n")
        }
        try folder.write("handlers/status", "enabled\n")
        try folder.write(
            "handlers/python", "enabled\ninterpreter /usr/bin/python3\nflags: \noffset 0\nmagic 550d0d0a\n")
    }

    @Test(arguments: [
        ("linux/amd64", "amd64"), ("linux/amd64/v3", "amd64"), ("linux/386", "i386"), ("linux/arm64/v8", "arm64"),
    ])
    func `what this machine runs, itself or by qemu, has Debian's name`(platform: String, name: String) throws {
        let architecture = try DebianArchitecture(of: Platform(platform))
        #expect(try architecture.runnable(handlers: folder("handlers")) == name)
    }

    @Test(arguments: [("linux/riscv64", "riscv64"), ("linux/s390x", "s390x"), ("linux/arm/v7", "arm")])
    func `what it does not run is said with what to do`(platform: String, name: String) throws {
        let architecture = try DebianArchitecture(of: Platform(platform))
        let error = #expect(throws: Failure.self) {
            try architecture.runnable(handlers: folder("handlers"))
        }
        #expect(
            error?.description
                == "cannot make a Debian root file system for \(platform): packages run programs of their own, and this "
                + "machine runs none for \(name): apt-get install qemu-user-static binfmt-support, or build on such a "
                + "machine")
    }

    @Test func `a machine that Debian does not know is named`() {
        let error = #expect(throws: Failure.self) { try DebianArchitecture(of: Platform("linux/wasm")) }
        #expect(
            error?.description
                == "cannot make a Debian root file system for linux/wasm: Debian has no such architecture")
    }
}
