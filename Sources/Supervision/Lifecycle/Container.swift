import CLinux
import HTTP
import POSIX
package import RunContract
import SystemPackage

/// All parts of PID 1: the supervisor on the main thread, the page server and the lifecycle on other threads.
package struct Container {
    private let program: Result<Program, SupervisionError>
    private let environment: InheritedEnvironment
    private let notice: String?

    /// Creates a container that is not started; its log begins with the notice.
    package init(
        program: Result<Program, SupervisionError>, environment: InheritedEnvironment, notice: String? = nil
    ) {
        self.program = program
        self.environment = environment
        self.notice = notice
    }

    /// Runs the container with the calling thread as the supervisor's; returns the exit status.
    package func run() -> Int32 {
        let output = ContainerOutput()
        let log = RunLog(hiding: environment.secrets.values, output: output)
        defer { output.flush() }
        Shortage.listen { log.say($0) }
        // The log names the library versions, so that a reader can check whether a known flaw in one of them affects a
        // run.
        log.say("speaking through \(LibraryVersions.text)")
        if let notice { log.say(notice) }
        let program = try? self.program.get()
        let runState = RunState(
            run: environment.value(EnvironmentName.runID) ?? "", stages: program?.stages.map(\.name) ?? [],
            hiding: environment.secrets.values)
        let keepsServing = environment.value(EnvironmentName.keepAlive)?.lowercased() == "true"
        let relay = RelayGate(
            willOpen: keepsServing && program?.serve != nil, isPublic: program?.serve?.isPublic ?? false)
        let site = LiveSite(token: environment.secret(EnvironmentName.statusToken), runState: runState, log: log)
        let server: PageServer
        do throws(SupervisionError) {
            let listening = try RunConfiguration.listening(environment)
            server = try PageServer(address: listening.address, port: listening.port, site: site, relay: relay)
        } catch {
            log.say(error.description)
            return error.status
        }
        log.say("listening on port \(server.port)")
        let seconds = environment.value(EnvironmentName.graceSeconds).flatMap { Int($0) } ?? 25
        let supervisor = ProcessSupervisor(graceSeconds: min(max(1, seconds), 1_000_000_000))
        let start = RunLifecycle.Start(program: self.program, environment: environment, workdir: Self.workdir)
        let lifecycle = RunLifecycle(start, supervisor: supervisor, log: log, runState: runState, relay: relay)
        Task.detached { supervisor.exit(await lifecycle.run()) }
        return withExtendedLifetime(server) { supervisor.run() }
    }

    private static var workdir: String { (try? FileSystem.realPath("."))?.string ?? "/" }
}
