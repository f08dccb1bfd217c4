import POSIX
import SystemPackage

/// A server as it is started: what is run, and how its port is learnt.
struct ServerProcess: Sendable {
    let name: ServerName
    let program: FilePath
    let arguments: [String]
    let environment: [String: String]
    let log: FilePath
    /// What stands before the address where the server says in its log that it listens.
    let announcement: String

    /// How long it may take until it listens, in seconds: one that ended is noticed at once, and one that only starts
    /// slowly, on a busy machine, gets its time.
    var patience = 90
    /// After how many seconds of waiting each it is said.
    var silence = 30

    /// Starts it and calls `started` at once, then waits until it says where it listens.
    func start(
        report: (String) -> Void = { _ in }, _ started: (ProcessIdentity) throws(SandboxError) -> Void
    ) async throws(SandboxError) -> ServerRecord {
        let before = (try? FileStatus(log).size) ?? 0
        let process: ProcessIdentity
        do throws(POSIXError) {
            process = try DetachedProcess.start(
                program, arguments, environment: environment, output: log, errors: log)
        } catch { throw SandboxError("start the sandbox's \(name.rawValue)", error) }
        try started(process)
        let began = ContinuousClock.now
        var said = 0
        while true {
            let text = printed(after: before)
            if let address = address(in: text) { return ServerRecord(process: process, address: address) }
            guard process.isAlive else {
                throw SandboxError("start the sandbox's \(name.rawValue)", "it ended: \(lastLine(of: text))")
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
        throw SandboxError(
            "start the sandbox's \(name.rawValue)", "it does not listen after \(patience) seconds; see \(log)")
    }

    private func printed(after offset: Int64) -> Substring {
        let content = (try? FileSystem.read(log)) ?? []
        return Substring(String(decoding: content.dropFirst(Int(offset)), as: UTF8.self))
    }

    /// `127.0.0.1:35043` after the announcement, once the port is followed by something else.
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
