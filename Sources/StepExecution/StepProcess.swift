import Containers
import ImageLayers
import JSON
import POSIX
import SystemPackage
import Wording

/// Starts the process that runs a command, and reads its reports.
struct StepProcess {
    /// The number of the command's last output lines in an error message.
    private static let lastLines = 10

    let program: FilePath
    let report: @Sendable (BuildEvent) -> Void

    /// Runs a command and blocks until it ends; the end of the thread also ends the command.
    func run(_ job: StepJob, _ mapping: IDMapping?) throws -> BuiltLayer? {
        var last: [String] = []
        let end = try run(job.json, mapping, slirp4netns: slirp4netns(job.command)) { line in
            last = last.suffix(Self.lastLines - 1) + [line]
        }
        switch end {
        case .done(let layer): return layer
        case .status(let status):
            let said = last.map { "\n    \($0)" }.joined()
            throw job.command.failure(Self.words(status) + said)
        default: throw job.command.failure("the process that ran it ended early")
        }
    }

    /// Starts a process for a job and reads its reports; returns the final one, or nil if there was none.
    func run(
        _ job: JSONValue, _ mapping: IDMapping?, slirp4netns: FilePath? = nil, _ note: (String) -> Void
    ) throws -> StepMessage? {
        var end: StepMessage?
        var process = try IsolatedProcess.start(
            program, [StepWorker.verb], environment: Self.environment, mapping: mapping,
            slirp4netns: slirp4netns)
        try process.write(job.encoded())
        try read(process.output) { event in
            switch event {
            case .output(let line):
                note(line)
                report(.output(line))
            case .step(let text): report(.step(text))
            case .warning(let text): report(.warning(text))
            case .done, .status, .freed, .failure: end = event
            }
        }
        _ = process.wait()
        if case .failure(let line) = end { throw Failure(message: line) }
        return end
    }

    private func slirp4netns(_ command: StepCommand) throws -> FilePath? {
        guard command.network == .private else { return nil }
        do {
            return try ProgramSearch(program: program).first("slirp4netns", "it is the private network of RUN")
        } catch { throw command.failure("\(error)") }
    }

    /// The environment in which the process finds programs; the Dockerfile's command gets none of it.
    private static var environment: [String: String] {
        ["PATH": ProgramSearch().folders.map(\.string).joined(separator: ":"), "LC_ALL": "C.UTF-8"]
    }

    private static func words(_ status: Int) -> String {
        status > 128 && status < 160 ? "killed by signal \(status - 128)" : "exit status \(status)"
    }

    private func read(_ file: borrowing File, _ note: (StepMessage) -> Void) throws {
        var rest: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = try file.read(into: &chunk)
            if count == 0 { return }
            rest += chunk[..<count]
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                if let json = try? JSONValue(parsing: Array(rest[..<end])), let event = try? StepMessage(json: json) {
                    note(event)
                }
                rest.removeFirst(end + 1)
            }
        }
    }
}
