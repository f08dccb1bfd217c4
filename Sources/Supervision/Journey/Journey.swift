import CLinux
import HTTP
import ObjectStorage
import POSIX
package import RunContract
import Synchronization
import SystemPackage
import Timestamps

/// One start of a run from its first second to its last: preflight, restore, stages, drain, verify, and then the model.
package final class Journey: Sendable {
    /// What a journey begins with.
    package struct Departure: Sendable {
        /// What runs, or why that cannot be read.
        package let program: Result<Program, SupervisionError>
        /// What the container was started with.
        package let environment: InheritedEnvironment
        /// Where PID 1 was started: the image's working folder.
        package let workdir: String

        /// A departure from its parts.
        package init(program: Result<Program, SupervisionError>, environment: InheritedEnvironment, workdir: String) {
            self.program = program
            self.environment = environment
            self.workdir = workdir
        }
    }

    /// What came to be on the way, for the end.
    struct Luggage {
        var session: RunSession?
        var uploader: CheckpointUploader?
        var ownership: RunOwnership?
        var logs: LogUpload?
        var reporter: Task<Void, Never>?
        /// What was taken of other runs.
        var inputs: [CompletionRecord.Input] = []
        var isComplete = false
        var isSuperseded = false
    }

    let departure: Departure
    let supervisor: ProcessSupervisor
    let log: RunLog
    let board: RunBoard
    let relay: RelayGate
    let luggage = Mutex(Luggage())

    /// A journey that was not begun.
    package init(
        _ departure: Departure, supervisor: ProcessSupervisor, log: RunLog, board: RunBoard, relay: RelayGate
    ) {
        self.departure = departure
        self.supervisor = supervisor
        self.log = log
        self.board = board
        self.relay = relay
    }

    /// Goes the whole way; returns the status that the container ends with.
    package func run() async -> Int32 {
        let work = Task { () -> SupervisionError? in
            do throws(SupervisionError) {
                try await travel()
                return nil
            } catch { return error }
        }
        supervisor.whenTerminated { [self] termination in
            log.say("asked to stop by signal \(termination.signal)\(termination.requests > 1 ? " again" : "")")
            work.cancel()
        }
        return await end(after: await work.value)
    }

    private func travel() async throws(SupervisionError) {
        let session = try await begin(try await claim())
        let configuration = session.configuration
        if let record = try await completion(session) {
            log.say("the run was completed by attempt \(record.attempt); nothing is trained")
            luggage.withLock { $0.isComplete = true }
            if configuration.keepsServing {
                try await restoreForServing(session, record)
                try await serve(session)
            }
            return
        }
        try await checkMachine(session)
        try await takeInputs(session)
        let plans = try await restore(session)
        try await runStages(session, plans)
        let artifacts = try await drain(session)
        try await complete(session, artifacts)
        luggage.withLock { $0.isComplete = true }
        if configuration.keepsServing { try await serve(session) }
    }
}
