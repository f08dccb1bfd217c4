import ArgumentParser
import ImageBuild

/// `caasctl run-worker`: an internal command, which `caasctl build` starts for each RUN step.
struct RunWorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: RunWorker.verb, abstract: "Run one command of a Dockerfile.", shouldDisplay: false)

    func run() async throws { await RunWorker().run() }
}
