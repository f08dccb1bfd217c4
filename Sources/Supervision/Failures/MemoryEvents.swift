import ByteText
import POSIX
import SystemPackage

/// How often the kernel has killed a process of this container because its memory was full.
///
/// <https://docs.kernel.org/admin-guide/cgroup-v2.html>, `memory.events`
struct MemoryEvents: Sendable, Hashable {
    /// nil where the control group is not visible.
    let kills: Int?

    /// Reads the counter of the container's own control group.
    static func current() -> MemoryEvents {
        let second = (try? FileSystem.read("/sys/fs/cgroup/memory.events", limit: 4096)).map { MemoryEvents($0) }
        if let second, second.kills != nil { return second }
        let first = try? FileSystem.read("/sys/fs/cgroup/memory/memory.oom_control", limit: 4096)
        return MemoryEvents(first ?? [])
    }

    init(_ text: [UInt8]) {
        var kills: Int?
        for line in String(decoding: text, as: UTF8.self).split(byte: "\n") {
            let words = line.split(byte: " ")
            if words.count == 2, words[0] == "oom_kill" { kills = Int(words[1]) }
        }
        self.kills = kills
    }

    /// True if the kernel has killed a process since.
    func has(killedSince earlier: MemoryEvents) -> Bool {
        guard let kills, let before = earlier.kills else { return false }
        return kills > before
    }
}
