import ArgumentParser
import Definitions
import Deployment
import JSON
import POSIX
import RunContract

/// `caasctl status`: prints a run's state as the provider and the run itself report it.
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show a run's state as reported by io.net and by the run itself.")

    @OptionGroup var target: RunOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let settings = try target.options.settings()
        let found = try await target.find(settings)
        let record = found.record
        let token = try StatusKey(home: HomeFolder.open()).token(of: record.run)
        let report = await RunReport(
            record, on: try? found.opened.get(), title: found.kind.title, blank: found.blank?.reason,
            bucket: target.bucketIfAny(of: record, settings), token: token)
        print(json ? report.json.text : report.lines.joined(separator: "\n"))
        guard !json, let url = report.publicURL else { return }
        guard record.newest?.isAdopted == false else {
            return StandardError.print("page         opens only with the key of the computer that started this machine")
        }
        StandardError.print("page         \(RunLink.page(url, token))")
    }
}
