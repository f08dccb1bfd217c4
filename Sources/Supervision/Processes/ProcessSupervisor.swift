import CLinux
import POSIX
import RunContract
import Synchronization

/// What PID 1 itself does: it starts processes, passes signals on, reaps every orphan, and ends when it is told to.
///
/// ``run()`` belongs to the main thread, which is the only one that forks and waits; everybody else asks it through a
/// queue and wakes it with a real-time signal. Every signal is blocked in every thread, so that none is lost.
package final class ProcessSupervisor: Sendable {
    /// That the container was asked to stop.
    package struct Termination: Sendable {
        /// When the children are killed.
        package var killAt: ContinuousClock.Instant
        /// When PID 1 ends whatever it is doing.
        package var deadline: ContinuousClock.Instant
        /// How often it was asked; the second time hurries.
        package var requests: Int
        /// The signal that asked first.
        package let signal: Int32
    }

    struct Request: Sendable {
        let command: ChildCommand
        /// Since when the system has too little of something to start it.
        var shortSince: ContinuousClock.Instant?
        let reply: @Sendable (Result<ChildProcess, SupervisionError>) -> Void
    }

    struct State {
        var requests: [Request] = []
        var children: [Int32: ChildProcess] = [:]
        var termination: Termination?
        var wasKilled = false
        var onTermination: [@Sendable (Termination) -> Void] = []
        var exitStatus: Int32?
    }

    let state = Mutex(State())
    private let grace: Duration

    /// A supervisor whose children have 60 % of `graceSeconds` between the request to stop and the kill.
    package init(graceSeconds: Int) { grace = .seconds(graceSeconds) }

    /// Blocks every signal; to be called before there is a second thread.
    package static func blockSignals() {
        var everything = sigset_t()
        sigfillset(&everything)
        pthread_sigmask(SIG_SETMASK, &everything, nil)
    }

    /// Starts a process.
    package func start(_ command: ChildCommand) async throws(SupervisionError) -> ChildProcess {
        let result: Result<ChildProcess, SupervisionError> = await withCheckedContinuation { continuation in
            let request = Request(command: command) { continuation.resume(returning: $0) }
            state.withLock { $0.requests.append(request) }
            wake()
        }
        return try result.get()
    }

    /// Signals a process and all others of its group; those that are gone are no error.
    package func signal(_ child: ChildProcess, _ number: Int32) { kill(-child.pid, number) }

    /// What the container was asked, nil while nobody asked it to stop.
    package var termination: Termination? { state.withLock { $0.termination } }

    /// Calls `body` on the main thread each time the container is asked to stop, at once where it was already.
    package func whenTerminated(_ body: @escaping @Sendable (Termination) -> Void) {
        let already: Termination? = state.withLock { state in
            state.onTermination.append(body)
            return state.termination
        }
        if let already { body(already) }
    }

    /// Ends ``run()`` with a status.
    package func exit(_ status: Int32) {
        state.withLock { $0.exitStatus = $0.exitStatus ?? status }
        wake()
    }

    /// Asks this container to stop, as if somebody had sent SIGTERM.
    func requestTermination() { kill(getpid(), SIGTERM) }

    private func wake() { kill(getpid(), caas_first_realtime_signal()) }

    /// The main thread's loop; returns the status to exit with.
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
        // Nothing here depends on the timeout but the deadlines, which may be a little late.
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
            var termination =
                state.termination
                ?? Termination(killAt: now + grace * 6 / 10, deadline: now + grace, requests: 0, signal: number)
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
        let (isTimeToKill, isOver) = state.withLock { state in
            guard let termination = state.termination else { return (false, false) }
            let isTimeToKill = now >= termination.killAt && !state.wasKilled
            if isTimeToKill { state.wasKilled = true }
            return (isTimeToKill, now >= termination.deadline)
        }
        if isTimeToKill || isOver { signalAll(SIGKILL) }
        return isOver ? ExitCode.preempted.rawValue : nil
    }

    /// Everything below this process hears it, also what has left the groups of our children.
    private func signalAll(_ number: Int32) {
        let children = state.withLock { Array($0.children.values) }
        for child in children { signal(child, number) }
        let groups = Set(children.map(\.pid))
        // Where nobody can be seen, the groups have heard it at least.
        for stray in (try? ProcessTree.current().below(getpid())) ?? [] where !groups.contains(stray.group) {
            kill(stray.pid, number)
        }
    }

    /// Signals a child's group, and what has left it and belongs to no other child.
    func endStage(_ child: ChildProcess, _ number: Int32) {
        signal(child, number)
        for stray in (try? strays()) ?? [] { kill(stray.pid, number) }
    }

    /// What lives below this process and belongs to none of its children that still run: those whose parents have ended.
    func strays() throws(POSIXError) -> [ProcessTree.Process] {
        let children = state.withLock { Set($0.children.keys) }
        return try ProcessTree.current().below(getpid(), except: children)
    }

    /// Collects everything that ended: our own children and whatever was orphaned to us.
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
