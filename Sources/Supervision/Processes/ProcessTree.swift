import CLinux
import POSIX
import SystemPackage

/// The running processes and their parents. <https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>
struct ProcessTree {
    /// One process, as read from its `stat` file.
    struct Process: Sendable, Hashable {
        let pid: Int32
        /// The program's name, truncated to 15 bytes.
        let name: String
        let parent: Int32
        let group: Int32
        /// Processor time used, in hundredths of a second.
        let ticks: Int
        /// True while a signal such as SIGSTOP keeps it from running.
        var isStopped = false
    }

    private let processes: [Process]

    /// Reads the running processes, without zombies.
    static func current() throws(POSIXError) -> ProcessTree {
        var processes: [Process] = []
        for name in try FileSystem.names(in: "/proc") {
            guard let pid = Int32(name.string), pid > 0 else { continue }
            do throws(POSIXError) {
                let text = try FileSystem.read(FilePath("/proc").appending(name).appending("stat"), limit: 4096)
                if let process = Process(pid: pid, text) { processes.append(process) }
            } catch {
                // The process has ended meanwhile.
                guard [.noSuchFileOrDirectory, .noSuchProcess, .permissionDenied].contains(error.errno) else {
                    throw error
                }
            }
        }
        return ProcessTree(processes)
    }

    init(_ processes: [Process]) { self.processes = processes }

    /// Returns a process with its descendants.
    func withRoot(_ root: Int32) -> [Process] { processes.filter { $0.pid == root } + below(root) }

    /// Returns the descendants of a process, without the processes in `except` and their descendants.
    func below(_ root: Int32, except: Set<Int32> = []) -> [Process] {
        let children = Dictionary(grouping: processes) { $0.parent }
        var found: [Process] = []
        var waiting = [root]
        while let parent = waiting.popLast() {
            for child in children[parent] ?? [] where !except.contains(child.pid) && child.pid != root {
                found.append(child)
                waiting.append(child.pid)
            }
        }
        return found
    }
}

extension ProcessTree.Process {
    /// Reads a line of `stat`; returns nil for an ended process.
    ///
    /// The name is in parentheses and may itself contain any character.
    init?(pid: Int32, _ stat: [UInt8]) {
        guard let open = stat.firstIndex(of: UInt8(ascii: "(")), let close = stat.lastIndex(of: UInt8(ascii: ")")),
            open < close
        else { return nil }
        let fields = stat[(close + 1)...].split(separator: UInt8(ascii: " ")).map {
            String(decoding: $0, as: UTF8.self)
        }
        guard fields.count > 12, !["Z", "X", "x"].contains(fields[0]), let parent = Int32(fields[1]),
            let group = Int32(fields[2]), let user = Int(fields[11]), let system = Int(fields[12])
        else { return nil }
        self.init(
            pid: pid, name: String(decoding: stat[(open + 1)..<close], as: UTF8.self), parent: parent, group: group,
            ticks: user + system, isStopped: fields[0] == "T")
    }
}
