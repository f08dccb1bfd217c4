import POSIX
import SystemPackage
import Wording
import Processes

/// The command of a server, and how its address is read from its log.
struct ServerProcess: Sendable {
    let name: ServerName
    let program: FilePath
    let arguments: [String]
    let environment: [String: String]
    let log: FilePath
    /// The text before the address in the log line that says that the server listens.
    let announcement: String

    /// Seconds within which the server must listen.
    ///
    /// A server that exits is noticed at once; a slow start, on a busy machine, gets this time.
    var patience = 90
    /// Seconds between two reports while the server does not listen yet.
    var silence = 30

    /// Starts the server, calls `started` at once, and returns once the log contains the address.
    func start(
        report: (String) -> Void = { _ in }, _ started: (ProcessIdentity) throws -> Void
    ) async throws -> ServerRecord {
        let before = (try? FileStatus(log).size) ?? 0
        let process: ProcessIdentity
        do throws(POSIXError) {
            process = try DetachedProcess.start(
                program, arguments, environment: environment, output: log, errors: log)
        } catch { throw Failure("start the sandbox's \(name.rawValue)", error) }
        try started(process)
        let began = ContinuousClock.now
        var said = 0
        while true {
            let text = printed(after: before)
            if let address = address(in: text) { return ServerRecord(process: process, address: address) }
            guard process.isAlive else {
                throw Failure("start the sandbox's \(name.rawValue)", "it ended: \(lastLine(of: text))")
            }
            let waited = Int((ContinuousClock.now - began).components.seconds)
            guard waited < patience else { break }
            if waited >= said + silence {
                said = waited
                report("the sandbox's \(name.rawValue) does not listen yet, after \(waited) seconds; its log: \(log)")
            }
            try? await Task.sleep(for: .milliseconds(50))
        }
        process.signal(9)
        throw Failure(
            "start the sandbox's \(name.rawValue)", "it does not listen after \(patience) seconds; see \(log)")
    }

    private func printed(after offset: Int64) -> Substring {
        let content = (try? FileSystem.read(log)) ?? []
        return Substring(String(decoding: content.dropFirst(Int(offset)), as: UTF8.self))
    }

    /// Returns an address such as `127.0.0.1:35043` after the announcement, once another character follows its port.
    func address(in text: Substring) -> String? {
        guard let place = text.firstRange(of: announcement) else { return nil }
        let rest = text[place.upperBound...]
        guard let match = rest.prefixMatch(of: #/(127\.0\.0\.1:\d+)[^\d]/#) else { return nil }
        return String(match.1)
    }

    private func lastLine(of text: Substring) -> String {
        text.split(separator: "\n").last.map { String($0.suffix(400)) } ?? "it said nothing"
    }
}
