import POSIX
import RunContract
import Wording

/// Waits between stages until the GPUs have the memory that the last stage used.
///
/// A driver frees it some time after the end of a process, and a process that nothing can end keeps it. What starts before
/// runs out of memory.
struct GPUMemoryWatch: Sendable {
    /// The command whose output is read as a ``GPUInventory``.
    static let query = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"]
    /// What may be in use besides, in MiB: a context of the driver takes a few hundred.
    private static let tolerance = 1024

    let preflight: Preflight
    let environment: [String: String]
    /// The memory in use before the first stage, in MiB for each GPU.
    let before: [Int?]
    let log: RunLog
    /// The longest time to wait, and the time after which the log says so.
    var patience = (most: Duration.seconds(120), quiet: Duration.seconds(5))

    /// Returns once each GPU has about as much free memory as before the first stage, or after the longest time.
    func wait(before next: String) async throws(SupervisionError) {
        let started = ContinuousClock.now
        var isSaid = false
        while true {
            let used = try await preflight.inventory(environment, query: Self.query).memories
            guard let held = held(used) else {
                if isSaid { log.say("the GPUs have their memory back") }
                return
            }
            let waited = ContinuousClock.now - started
            guard waited < patience.most else {
                return log.say("\(held); \(next) starts all the same, and may find too little")
            }
            if waited >= patience.quiet, !isSaid {
                log.say("\(held), though no process of a stage is left; \(next) waits")
                isSaid = true
            }
            do { try await Task.sleep(for: .milliseconds(500)) } catch { throw .stopped }
        }
    }

    /// Returns which GPU holds more than before, in words; nil for none, and where it is not known.
    private func held(_ used: [Int?]) -> String? {
        guard used.count == before.count else { return nil }
        for (index, (now, then)) in zip(used, before).enumerated() {
            guard let now, let then, now > then + Self.tolerance else { continue }
            return "GPU \(index) still has \(ByteCount(Int64(now - then) << 20)) in use"
        }
        return nil
    }
}
