import CLinux
import HTTP
import ObjectStorage
import POSIX
package import RunContract
import Synchronization
import SystemPackage
import Timestamps

/// One attempt of a run: preflight, restore, stages, drain, verify, and then serving the model.
package final class RunLifecycle: Sendable {
    /// The values with which a lifecycle begins.
    package struct Start: Sendable {
        /// The program, or why it cannot be read.
        package let program: Result<Program, SupervisionError>
        /// The environment with which the container was started.
        package let environment: InheritedEnvironment
        /// The directory in which PID 1 was started, which is the image's working directory.
        package let workdir: String

        package init(program: Result<Program, SupervisionError>, environment: InheritedEnvironment, workdir: String) {
            self.program = program
            self.environment = environment
            self.workdir = workdir
        }
    }

    let start: Start
    let supervisor: ProcessSupervisor
    let log: RunLog
    let runState: RunState
    let relay: RelayGate
    let phase = Mutex(Phase.starting)
    /// nil where its variables are invalid, which ``claim()`` reports.
    let spending: SpendingWatch?

    /// Creates a lifecycle that is not started.
    package init(
        _ start: Start, supervisor: ProcessSupervisor, log: RunLog, runState: RunState, relay: RelayGate
    ) {
        self.start = start
        self.supervisor = supervisor
        self.log = log
        self.runState = runState
        self.relay = relay
        spending = (try? SpendingLimits(start.environment)).map { SpendingWatch($0) }
    }

    /// Runs all phases; returns the container's exit status.
    package func run() async -> Int32 {
        let work = Task { () -> SupervisionError? in
            do throws(SupervisionError) {
                try await runPhases()
                return nil
            } catch { return error }
        }
        supervisor.whenTerminated { [self] termination in
            log.say("asked to stop by signal \(termination.signal)\(termination.requests > 1 ? " again" : "")")
            work.cancel()
        }
        let watch = Task { [self] in
            await spending?.run(runState, log: log) { [supervisor] left in
                supervisor.requestTermination(within: left, late: .limit)
            }
        }
        let failure = await work.value
        watch.cancel()
        return await end(after: failure)
    }

    private func runPhases() async throws(SupervisionError) {
        let claimed = try await claim()
        let session = try await begin(claimed)
        let uploader = CheckpointUploader(session)
        enter(.working(claimed.reporting, session, uploader))
        let watching = Task { [self] in await watchMachine(session) }
        defer { watching.cancel() }
        if let record = try await completion(session) {
            log.say("the run was completed by attempt \(record.attempt); nothing is trained")
            enter(.complete(claimed.reporting))
            guard session.configuration.keepsServing else { return }
            try await restoreForServing(session, record)
            return try await serve(session)
        }
        try await checkMachine(session)
        let inputs = try await takeInputs(session)
        let plans = try await restore(session, uploader)
        try await runStages(session, plans, uploader)
        let artifacts = try await drain(session, uploader)
        try await complete(session, artifacts, inputs)
        enter(.complete(claimed.reporting))
        if session.configuration.keepsServing { try await serve(session) }
    }
}
