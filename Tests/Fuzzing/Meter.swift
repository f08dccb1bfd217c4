import CLinux

/// What an input costs: it may take no more than 64 MiB over what was there before it.
///
/// libFuzzer's own bound counts its inputs too, which become more all the time, and looks once a second.
struct Meter {
    private static let mostKiB = 64 << 10
    /// Processor time after which it is enough, nil for no end.
    private let seconds: Double?
    private var count = 0
    private var mostTaken = 0
    private var isOver = false

    init(seconds: Double?) { self.seconds = seconds }

    mutating func measure(_ body: () -> Void) {
        let before = Self.resident()
        let peak = Self.usage().ru_maxrss
        body()
        let usage = Self.usage()
        count += 1
        // The kernel tells the highest of all times: one that is as it was says that this input took less than another.
        if usage.ru_maxrss > peak {
            let taken = usage.ru_maxrss - before
            mostTaken = max(mostTaken, taken)
            guard taken <= Self.mostKiB else { fatalError("caasctl: the input took \(taken >> 10) MiB") }
            // What glibc keeps of it would hide what the next one takes.
            malloc_trim(0)
        }
        end(Self.seconds(usage))
    }

    /// Says what was found, and asks libFuzzer to end after this input.
    private mutating func end(_ used: Double) {
        guard let seconds, used >= seconds, !isOver else { return }
        isOver = true
        print("caasctl: \(count) inputs in \(Int(used)) s, at most \(mostTaken) KiB over what was there before one")
        fflush(nil)
        kill(getpid(), SIGUSR1)
    }

    private static func usage() -> rusage {
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        return usage
    }

    private static func seconds(_ usage: rusage) -> Double {
        let (user, system) = (usage.ru_utime, usage.ru_stime)
        return Double(user.tv_sec + system.tv_sec) + Double(user.tv_usec + system.tv_usec) / 1e6
    }

    /// What is in memory now, in KiB. <https://man7.org/linux/man-pages/man5/proc_pid_statm.5.html>
    private static func resident() -> Int {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 128) { buffer in
            let count = pread(statistics, buffer.baseAddress, buffer.count, 0)
            let fields = buffer[..<max(0, count)].split(separator: 0x20)
            let pages = fields.dropFirst().first.flatMap { Int(String(decoding: $0, as: UTF8.self)) } ?? 0
            return pages * sysconf(Int32(_SC_PAGESIZE)) >> 10
        }
    }

    private static let statistics = caas_open("/proc/self/statm", O_RDONLY, 0)
}
