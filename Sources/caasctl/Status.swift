import ArgumentParser
import Definitions
import Deployment
import JSON
import POSIX
import RunContract

/// `caasctl status`: what a run does, as the provider and the run itself say.
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what a run does, as io.net and the run itself say.")

    @OptionGroup var target: RunOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let settings = try target.options.settings()
        let (record, ionet, _) = try await target.find(settings)
        let report = try await RunReport(record, ionet: ionet, bucket: target.bucketIfAny(of: record, settings))
        print(json ? report.json.text : report.lines.joined(separator: "\n"))
        guard !json, let url = report.publicURL else { return }
        let key = try StatusKey(home: HomeFolder.path())
        StandardError.print("page         \(RunLink.page(url, key.token(of: record.run)))")
    }
}
