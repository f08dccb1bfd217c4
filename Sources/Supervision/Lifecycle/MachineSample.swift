import ByteText
import JSON
import POSIX
import SystemPackage

/// What the machine did in the last seconds, for the page.
struct MachineSample: Sendable, Hashable {
    /// One GPU, as nvidia-smi reports it; nil for what it does not.
    struct GPU: Sendable, Hashable {
        static let query = [
            "nvidia-smi",
            "--query-gpu=index,name,utilization.gpu,memory.used,memory.total,temperature.gpu,power.draw",
            "--format=csv,noheader,nounits",
        ]

        let index: Int
        let name: String
        /// Percent, MiB, MiB, degrees Celsius, watts.
        let numbers: [Double?]

        /// Reads a line of nvidia-smi; returns nil for another line.
        init?(_ line: Substring) {
            let fields = line.split(byte: ",", omittingEmptySubsequences: false).map { field in
                String(field.drop { $0 == " " })
            }
            guard fields.count == 7, let index = Int(fields[0]) else { return nil }
            self.index = index
            name = fields[1]
            numbers = fields[2...].map { Double($0) }
        }

        var json: JSONValue {
            func number(_ place: Int, times factor: Double = 1) -> JSONValue {
                numbers[place].map { .double($0 * factor) } ?? .null
            }
            return [
                "index": .integer(index), "name": .string(name), "utilization": number(0),
                "memory_used": number(1, times: 1_048_576), "memory_total": number(2, times: 1_048_576),
                "temperature": number(3), "power": number(4),
            ]
        }
    }

    /// Counters of the machine at one moment.
    struct Counters: Sendable, Hashable {
        var busy = 0.0
        var all = 0.0
        var processors = 0
        var received = 0.0
        var sent = 0.0

        /// Reads `/proc/stat` and `/proc/net/dev`. <https://man7.org/linux/man-pages/man5/proc_stat.5.html>
        init(stat: String, network: String) {
            for line in stat.split(byte: "\n") where line.hasPrefix("cpu") {
                let words = line.split(byte: " ")
                guard words[0] == "cpu" else {
                    processors += 1
                    continue
                }
                let ticks = words.dropFirst().prefix(8).compactMap { Double($0) }
                all = ticks.reduce(0, +)
                if ticks.count > 4 { busy = all - ticks[3] - ticks[4] }
            }
            for line in network.split(byte: "\n") {
                let parts = line.split(byte: ":")
                guard parts.count == 2, !parts[0].hasSuffix(" lo"), parts[0] != "lo" else { continue }
                let numbers = parts[1].split(byte: " ").compactMap { Double($0) }
                guard numbers.count >= 9 else { continue }
                received += numbers[0]
                sent += numbers[8]
            }
        }
    }

    /// The container's host.
    struct Host: Sendable, Hashable {
        var counters: Counters
        /// The share of all processors that was busy, nil at first.
        var cpu: Double?
        var memoryUsed: Double?
        var memoryTotal: Double?
        var diskFree: Double?
        var diskTotal: Double?
        var receivedPerSecond: Double?
        var sentPerSecond: Double?

        var json: JSONValue {
            func number(_ value: Double?) -> JSONValue { value.map { .double(($0 * 1000).rounded() / 1000) } ?? .null }
            return [
                "cpu": number(cpu), "cpus": .integer(counters.processors), "memory_used": number(memoryUsed),
                "memory_total": number(memoryTotal), "disk_free": number(diskFree), "disk_total": number(diskTotal),
                "received_per_second": number(receivedPerSecond), "sent_per_second": number(sentPerSecond),
            ]
        }
    }

    var gpus: [GPU] = []
    var host: Host
}

extension MachineSample.Host {
    /// Looks at the machine; `last` is what was seen `seconds` ago.
    static func current(data: FilePath, last: Self?, seconds: Double) -> Self {
        func text(_ path: FilePath) -> String {
            String(decoding: (try? FileSystem.read(path, limit: 1 << 20)) ?? [], as: UTF8.self)
        }
        let counters = MachineSample.Counters(stat: text("/proc/stat"), network: text("/proc/net/dev"))
        var host = Self(counters: counters)
        (host.memoryUsed, host.memoryTotal) = memory(text("/proc/meminfo"))
        let disk = try? FileSystem.space(at: data)
        (host.diskFree, host.diskTotal) = (disk.map { Double($0.free) }, disk.map { Double($0.total) })
        if let last = last?.counters, seconds > 0, counters.all > last.all {
            host.cpu = (counters.busy - last.busy) / (counters.all - last.all)
            host.receivedPerSecond = max(0, counters.received - last.received) / seconds
            host.sentPerSecond = max(0, counters.sent - last.sent) / seconds
        }
        return host
    }

    /// Reads `/proc/meminfo`, in bytes.
    static func memory(_ text: String) -> (used: Double?, total: Double?) {
        var values: [String: Double] = [:]
        for line in text.split(byte: "\n") {
            let words = line.split(byte: " ")
            if words.count >= 2 { values[String(words[0])] = Double(words[1]).map { $0 * 1024 } }
        }
        guard let total = values["MemTotal:"], let free = values["MemAvailable:"] else { return (nil, nil) }
        return (total - free, total)
    }
}
