private import CLinux
private import SystemPackage

/// A process, identified by its ID and start time, since process IDs are reused.
///
/// <https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>
package struct ProcessIdentity: Sendable, Hashable {
    /// The process ID.
    package let pid: Int32
    /// The start time in clock ticks since boot.
    package let started: UInt64

    /// Creates the identity of a process seen earlier.
    package init(pid: Int32, started: UInt64) {
        self.pid = pid
        self.started = started
    }

    /// Creates the identity of the process that has this ID now, also of a zombie.
    package init?(pid: Int32) {
        guard let now = Self.read(pid) else { return nil }
        self.init(pid: pid, started: now.started)
    }

    /// True while the process runs; a zombie does not.
    package var isAlive: Bool {
        guard let now = Self.read(pid), now.started == started else { return false }
        return now.state != "Z" && now.state != "X"
    }

    /// Sends a signal to exactly this process; returns false where it has ended or belongs to another user.
    @discardableResult
    package func signal(_ number: Int32) -> Bool {
        // A pidfd cannot refer to another process, so the comparison still holds when the signal is sent.
        let descriptor = caas_pidfd_open(pid)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        guard Self.read(pid)?.started == started else { return false }
        return caas_pidfd_send_signal(descriptor, number) == 0
    }

    /// Returns every process whose initial environment has the variable with a value that starts with `value`.
    ///
    /// Other users' processes are skipped.
    package static func all(environment name: String, beginning value: String) -> [ProcessIdentity] {
        let wanted = Array("\(name)=\(value)".utf8)
        let names = (try? FileSystem.names(in: "/proc")) ?? []
        return names.compactMap { Int32($0.string) }.filter { pid in
            guard let environment = try? FileSystem.read(FilePath("/proc/\(pid)/environ"), limit: 4 << 20) else {
                return false
            }
            return environment.split(separator: 0).contains { $0.starts(with: wanted) }
        }.compactMap { ProcessIdentity(pid: $0) }
    }

    private static func read(_ pid: Int32) -> (state: Substring, started: UInt64)? {
        guard let content = try? FileSystem.read(FilePath("/proc/\(pid)/stat")) else { return nil }
        let text = String(decoding: content, as: UTF8.self)
        // The process name before the last parenthesis may contain anything, including spaces and parentheses.
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, let started = UInt64(fields[19]) else { return nil }
        return (fields[0], started)
    }
}
