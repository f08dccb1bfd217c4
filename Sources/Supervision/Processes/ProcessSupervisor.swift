import CLinux
import POSIX
import RunContract
import Synchronization

/// The core of PID 1: starts processes, forwards signals, reaps orphans, and exits on request.
///
/// ``run()`` runs on the main thread, the only one that forks and waits. Other threads queue requests and wake it with
/// a real-time signal. Every signal is blocked in every thread, so that none is lost.
package final class ProcessSupervisor: Sendable {
    /// A request to stop the container.
    package struct Termination: Sendable {
        /// Time at which the children are killed.
        package var killAt: ContinuousClock.Instant
        /// Time at which PID 1 exits in any case.
        package var deadline: ContinuousClock.Instant
        /// The number of requests; the second one shortens the deadlines.
        package var requests: Int
        /// The signal of the first request.
        package let signal: Int32
    }

    /// A request to start a process, queued for the main thread.
    struct Request: Sendable {
        let command: ChildCommand
        /// Start of a resource shortage that prevents the start, nil without one.
        var shortSince: ContinuousClock.Instant?
        let reply: @Sendable (Result<ChildProcess, SupervisionError>) -> Void
    }

    /// The state that all threads share.
    struct State {
        var requests: [Request] = []
        var children: [Int32: ChildProcess] = [:]
        var termination: Termination?
        var wasKilled = false
        var onTermination: [@Sendable (Termination) -> Void] = []
        var exitStatus: Int32?
        /// The time that a request of this process itself gives, nil for the grace.
        var ownGrace: Duration?
        /// The exit status at the end of a request's time.
        var lateStatus = RunExit.preempted
    }

    /// The longest time between a request to stop and the end of all processes: those that ignore it train on.
    private static let longestLife = Duration.seconds(120)

    let state = Mutex(State())
    private let grace: Duration

    /// Creates a supervisor that kills its children after 60 % of `graceSeconds` from a request to stop.
    package init(graceSeconds: Int) { grace = .seconds(graceSeconds) }

    /// Blocks every signal; call it before there is a second thread.
    package static func blockSignals() {
        var everything = sigset_t()
        sigfillset(&everything)
        pthread_sigmask(SIG_SETMASK, &everything, nil)
    }

    package func start(_ command: ChildCommand) async throws(SupervisionError) -> ChildProcess {
        let result: Result<ChildProcess, SupervisionError> = await withCheckedContinuation { continuation in
            let request = Request(command: command) { continuation.resume(returning: $0) }
            state.withLock { $0.requests.append(request) }
            wake()
        }
        return try result.get()
    }

    /// Signals a process and its process group; ignores processes that no longer exist.
    package func signal(_ child: ChildProcess, _ number: Int32) { kill(-child.pid, number) }

    /// The request to stop the container, nil without one.
    package var termination: Termination? { state.withLock { $0.termination } }

    /// Calls `body` on the main thread at each request to stop the container, at once if there already was one.
    package func whenTerminated(_ body: @escaping @Sendable (Termination) -> Void) {
        let already: Termination? = state.withLock { state in
            state.onTermination.append(body)
            return state.termination
        }
        if let already { body(already) }
    }

    /// Makes ``run()`` return with a status.
    package func exit(_ status: Int32) {
        state.withLock { $0.exitStatus = $0.exitStatus ?? status }
        wake()
    }

    /// Requests a stop of this container, like a SIGTERM from outside.
    ///
    /// `time` is what is left until the exit with `status`; without it the grace counts.
    func requestTermination(within time: Duration? = nil, late status: RunExit = .preempted) {
        state.withLock { state in
            state.ownGrace = time
            state.lateStatus = status
        }
        kill(getpid(), SIGTERM)
    }

    private func wake() { kill(getpid(), caas_first_realtime_signal()) }

    /// Runs the main thread's loop; returns the exit status.
    package func run() -> Int32 {
        while true {
            for request in state.withLock({ state in
                defer { state.requests = [] }
                return state.requests
            }) {
                spawn(request)
            }
            reap()
            if let status = state.withLock({ $0.exitStatus }) {
                signalAll(SIGKILL)
                return status
            }
            if let status = actOnDeadlines() { return status }
            waitForSignal()
        }
    }

    private func waitForSignal() {
        // Only the deadlines depend on this timeout, and they may be slightly late.
        var sender: Int32 = 0
        let number = caas_wait_for_signal(200, &sender)
        switch SignalMeaning(number, from: sender) {
        case .stop: terminate(forwarding: number)
        case .pass: signalAll(number)
        case .nothing: break
        }
    }

    private func terminate(forwarding number: Int32) {
        let now = ContinuousClock.now
        let (termination, handlers) = state.withLock { state in
            let grace = state.ownGrace ?? grace
            let life = min(grace * 6 / 10, state.ownGrace == nil ? grace : Self.longestLife)
            var termination =
                state.termination
                ?? Termination(killAt: now + life, deadline: now + grace, requests: 0, signal: number)
            termination.requests += 1
            if termination.requests > 1 {
                termination.killAt = now
                termination.deadline = min(termination.deadline, now + .seconds(5))
            }
            state.termination = termination
            return (termination, state.onTermination)
        }
        signalAll(number)
        for handler in handlers { handler(termination) }
    }

    private func actOnDeadlines() -> Int32? {
        let now = ContinuousClock.now
        let (isTimeToKill, isOver, status) = state.withLock { state in
            guard let termination = state.termination else { return (false, false, RunExit.preempted) }
            let isTimeToKill = now >= termination.killAt && !state.wasKilled
            if isTimeToKill { state.wasKilled = true }
            return (isTimeToKill, now >= termination.deadline, state.lateStatus)
        }
        if isTimeToKill || isOver { signalAll(SIGKILL) }
        return isOver ? status.rawValue : nil
    }

    /// Signals all descendants of this process, including those that have left the children's process groups.
    private func signalAll(_ number: Int32) {
        let children = state.withLock { Array($0.children.values) }
        for child in children { signal(child, number) }
        let groups = Set(children.map(\.pid))
        // If the process list is unreadable, at least the groups were signalled.
        for stray in (try? ProcessTree.current().below(getpid())) ?? [] where !groups.contains(stray.group) {
            kill(stray.pid, number)
        }
    }

    /// Signals a child's process group, and descendants that have left it and belong to no other child.
    func endStage(_ child: ChildProcess, _ number: Int32) {
        signal(child, number)
        for stray in (try? strays()) ?? [] { kill(stray.pid, number) }
    }

    /// Returns descendants that belong to no running child, because their parents have ended.
    func strays() throws(POSIXError) -> [ProcessTree.Process] {
        let children = state.withLock { Set($0.children.keys) }
        return try ProcessTree.current().below(getpid(), except: children)
    }

    /// Reaps all ended processes: children and orphans.
    private func reap() {
        while true {
            var status: Int32 = 0
            let pid = waitpid(-1, &status, WNOHANG)
            guard pid > 0 else { return }
            let child = state.withLock { $0.children.removeValue(forKey: pid) }
            child?.end(
                with: caas_exited(status) != 0
                    ? .exited(caas_exit_status(status)) : .signaled(caas_term_signal(status)))
        }
    }
}
