import OCI
import POSIX
import SystemPackage
import Wording

/// Debian's name for the architecture of a platform. <https://wiki.debian.org/SupportedArchitectures>
struct DebianArchitecture {
    /// The kernel's interpreters for other executables. <https://docs.kernel.org/admin-guide/binfmt-misc.html>
    private static let handlers: FilePath = "/proc/sys/fs/binfmt_misc"
    /// Debian's name, and the ELF header's machine field (bytes 18 and 19) in hexadecimal.
    ///
    /// <https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html>
    private static let known: [String: (name: String, machine: String)] = [
        "amd64": ("amd64", "3e00"), "arm64": ("arm64", "b700"), "arm/v5": ("armel", "2800"),
        "arm/v6": ("armel", "2800"),
        "arm/v7": ("armhf", "2800"), "arm/v8": ("armhf", "2800"), "arm": ("armhf", "2800"), "386": ("i386", "0300"),
        "ppc64le": ("ppc64el", "1500"), "s390x": ("s390x", "0016"), "riscv64": ("riscv64", "f300"),
        "mips64le": ("mips64el", "0800"),
    ]
    /// The architectures that a processor executes natively.
    private static let native: [String: Set<String>] = ["amd64": ["amd64", "386"], "arm64": ["arm64", "arm"]]

    let name: String
    private let machine: String
    private let platform: Platform

    init(of platform: Platform) throws {
        let variant = platform.variant.map { "/\($0)" } ?? ""
        guard let found = Self.known["\(platform.architecture)\(variant)"] ?? Self.known[platform.architecture] else {
            throw Failure("make a Debian root file system for \(platform)", "Debian has no such architecture")
        }
        name = found.name
        machine = found.machine
        self.platform = platform
    }

    /// Returns the name; throws if this machine cannot run the scripts of packages for this architecture.
    func runnable(handlers: FilePath = handlers) throws -> String {
        let native = Self.native[Platform.current.architecture] ?? []
        if native.contains(platform.architecture) || isEmulated(by: handlers) { return name }
        throw Failure(
            "make a Debian root file system for \(platform)",
            "packages run programs of their own, and this machine runs none for \(platform.architecture): "
                + "apt-get install qemu-user-static binfmt-support, or build on such a machine")
    }

    private func isEmulated(by handlers: FilePath) -> Bool {
        let names = (try? FileSystem.names(in: handlers)) ?? []
        return names.contains { name in
            guard let content = try? FileSystem.read(handlers.appending(name), limit: 64 << 10) else { return false }
            let lines = String(decoding: content, as: UTF8.self).split(separator: "\n")
            guard lines.first == "enabled", let magic = lines.first(where: { $0.hasPrefix("magic ") }) else {
                return false
            }
            return magic.dropFirst("magic ".count).dropFirst(36).hasPrefix(machine)
        }
    }
}
