import POSIX

/// Looks at what the processes of a stage do: at their processor time, at their states, and at the GPUs.
actor StageActivity {
    /// Below this share of one processor a stage is idle.
    private static let idleShare = 0.05
    /// Below this share of its time a GPU is idle, in percent.
    private static let idleUtilization = 5
    static let query = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]

    private let preflight: Preflight
    private let environment: [String: String]
    private let hasGPUs: Bool
    private var last: (ticks: [Int32: Int], moment: ContinuousClock.Instant)?
    private var idleSince: ContinuousClock.Instant?

    init(_ preflight: Preflight, environment: [String: String], hasGPUs: Bool) {
        self.preflight = preflight
        self.environment = environment
        self.hasGPUs = hasGPUs
    }

    /// Returns for how long the descendants of a process have done nothing, as far as this was called meanwhile.
    ///
    /// Where one is stopped, the others wait for it, whatever they seem to do.
    func idle(below root: Int32) async -> Duration {
        let now = ContinuousClock.now
        guard await isIdle(below: root, at: now) else {
            idleSince = nil
            return .zero
        }
        idleSince = idleSince ?? now
        return now - (idleSince ?? now)
    }

    private func isIdle(below root: Int32, at now: ContinuousClock.Instant) async -> Bool {
        guard let tree = await BlockingThread.run({ try? ProcessTree.current() }) else { return false }
        let processes = tree.withRoot(root)
        let ticks = Dictionary(processes.map { ($0.pid, $0.ticks) }) { $1 }
        defer { last = (ticks, now) }
        if processes.contains(where: \.isStopped) { return true }
        guard let last, now > last.moment else { return false }
        let used = ticks.reduce(0) { $0 + $1.value - (last.ticks[$1.key] ?? 0) }
        guard Double(used) / 100 / (now - last.moment).seconds < Self.idleShare else { return false }
        guard hasGPUs else { return true }
        // A GPU may compute while its process only waits for it.
        let gpus = try? await preflight.inventory(environment, query: Self.query).memories
        guard let gpus, !gpus.isEmpty else { return false }
        return gpus.allSatisfy { ($0 ?? 100) <= Self.idleUtilization }
    }
}
