import POSIX
import RunContract

extension RunLifecycle {
    private static let interval = Duration.seconds(5)

    /// Looks at the processors, the memory, the network and the GPUs while somebody looks at the page; runs until it is
    /// cancelled.
    func watchMachine(_ session: RunContext) async {
        let environment = (try? session.stages.programVariables()).map { session.stages.process($0) } ?? [:]
        let preflight = preflight(session.configuration)
        var last: (host: MachineSample.Host, moment: ContinuousClock.Instant)?
        while !Task.isCancelled {
            if runState.isWatched, supervisor.termination == nil {
                let now = ContinuousClock.now
                let seconds = last.map { (now - $0.moment).seconds } ?? 0
                let before = last?.host
                let host = await BlockingThread.run {
                    MachineSample.Host.current(data: session.data, last: before, seconds: seconds)
                }
                var sample = MachineSample(host: host)
                if !session.gpus.memories.isEmpty {
                    sample.gpus = ((try? await preflight.gpus(environment)) ?? "").split(whereSeparator: \.isNewline)
                        .compactMap { MachineSample.GPU($0) }
                }
                last = (host, now)
                runState.note { $0.machine = sample }
            } else if last != nil {
                last = nil
                runState.note { $0.machine = nil }
            }
            try? await Task.sleep(for: last == nil ? .seconds(1) : Self.interval)
        }
    }
}
