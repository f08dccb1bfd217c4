import ArgumentParser
import StepExecution

/// `caasctl step-worker`: an internal command, which `caasctl build` starts for each RUN step.
struct StepWorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: StepWorker.verb, abstract: "Run one command of a Dockerfile.", shouldDisplay: false)

    func run() async throws { await StepWorker().run() }
}
