import POSIX
import SystemPackage
import Wording
import Processes

extension IDMapping {
    /// Writes the ID maps of a process's new user namespace; the kernel accepts them only once.
    func apply(to pid: Int32) throws {
        if isSingle {
            // Without this the kernel lets only a privileged process write the gid_map.
            try write("deny", to: "setgroups", of: pid)
            try write(users.map(\.text).joined(separator: "\n"), to: "uid_map", of: pid)
            try write(groups.map(\.text).joined(separator: "\n"), to: "gid_map", of: pid)
        } else {
            try lend("newuidmap", users, to: pid)
            try lend("newgidmap", groups, to: pid)
        }
    }

    private func write(_ text: String, to name: String, of pid: Int32) throws {
        try File(FilePath("/proc/\(pid)/\(name)"), .replace(mode: 0)).write(Array(text.utf8))
    }

    /// Runs newuidmap or newgidmap, which are set-user-ID root and may map the IDs that this user may not map.
    private func lend(_ program: String, _ ranges: [Range], to pid: Int32) throws {
        let numbers = ranges.flatMap { ["\($0.inside)", "\($0.outside)", "\($0.count)"] }
        guard try SystemProgram.run(program, ["\(pid)"] + numbers) else {
            throw Failure("map users with \(program)", "it refused; /etc/subuid and /etc/subgid name what it allows")
        }
    }
}
