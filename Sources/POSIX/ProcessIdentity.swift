private import CLinux
private import SystemPackage

/// One process among all that ever had its number: the number, and the moment at which it started.
///
/// Source: <https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>.
package struct ProcessIdentity: Sendable, Hashable {
    /// The process's number.
    package let pid: Int32
    /// When it started, in clock ticks after the machine did.
    package let started: UInt64

    /// A process that was met before.
    package init(pid: Int32, started: UInt64) {
        self.pid = pid
        self.started = started
    }

    /// The process that has this number now, also one that has ended and was not yet waited for.
    package init?(pid: Int32) {
        guard let now = Self.read(pid) else { return nil }
        self.init(pid: pid, started: now.started)
    }

    /// True while the process runs; one that has ended is waited for, if it is a child of this one.
    package var isAlive: Bool {
        guard let now = Self.read(pid), now.started == started else { return false }
        guard now.state == "Z" || now.state == "X" else { return true }
        var status: Int32 = 0
        waitpid(pid, &status, WNOHANG)
        return false
    }

    /// Sends a signal to exactly this process; false where it has ended or is another user's.
    @discardableResult
    package func signal(_ number: Int32) -> Bool {
        // What the descriptor was opened for cannot become another process between the comparison and the signal.
        let descriptor = caas_pidfd_open(pid)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        guard Self.read(pid)?.started == started else { return false }
        return caas_pidfd_send_signal(descriptor, number) == 0
    }

    /// Every process that was started with a variable whose value begins so, as far as this user may look.
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
        // The name before the last parenthesis may hold anything, spaces and parentheses too.
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, let started = UInt64(fields[19]) else { return nil }
        return (fields[0], started)
    }
}
