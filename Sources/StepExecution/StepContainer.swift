import ByteText
import Containers
import ImageLayers
import JSON
import POSIX
import Secrets
import SystemPackage
import Wording
import Processes

/// The container in which a command runs.
struct StepContainer: Sendable {
    /// The same hostname in every build, so that the command's output does not depend on the machine.
    static let hostname = "build"
    private static let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    let job: StepJob
    let session: StepScratch
    let root: StepRoot
    let report: @Sendable (StepMessage) -> Void

    /// Runs the command, blocks until it ends, and returns its exit status.
    func run() throws -> Int {
        let command = job.command
        let document = try document().json.encoded()
        try FileSystem.write(document, to: root.bundle.appending("config.json"), mode: 0o600)
        let log = session.scratch.appending("runc.log")
        let pidFile = session.scratch.appending("pid")
        let arguments = [
            // Without control groups, runc continues only in its rootless mode.
            "--root", session.scratch.appending("runc").string, "--rootless", "true", "--log", log.string,
            "--log-format", "json", "run", "--bundle", root.bundle.string,
            // Otherwise runc would copy standard output and standard error separately, and mix up their order.
            "--detach", "--pid-file", pidFile.string, "build",
        ]
        let input = session.scratch.appending("input")
        try FileSystem.write(command.input, to: input, mode: 0o600)
        // Secrets are removed before the output is split into lines, because a secret may have several lines.
        var scrubber = command.scrubber
        var lines = OutputLines()
        let started = try SystemProgram.run(job.runc, arguments, input: input) { bytes in
            lines.add(scrubber.scrub(bytes)) { report(.output($0)) }
        }
        lines.add(scrubber.finish()) { report(.output($0)) }
        lines.finish { report(.output($0)) }
        guard started == 0 else { throw command.failure(problem(in: log) ?? "runc ended with status \(started)") }
        let text = try FileSystem.read(pidFile)
        guard let pid = Int32(String(decoding: text, as: UTF8.self).filter(\.isNumber)) else {
            throw command.failure("runc does not tell its process")
        }
        // The parent was runc; an orphan's parent is the first process of the PID namespace, which is this process.
        return Int(ChildExit.wait(for: pid))
    }

    private func document() throws -> RuntimeDocument {
        let command = job.command
        let user: ContainerUser
        do { user = try ContainerUser(command.user, in: root.below) } catch {
            throw command.failure(Failure.reason(of: error))
        }
        var variables = ["PATH": Self.path, "HOSTNAME": Self.hostname]
        for (name, value) in command.environment + root.mounts.variables { variables[name] = value }
        var document = RuntimeDocument(
            arguments: command.arguments,
            environment: variables.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" },
            folder: command.workdir.hasPrefix(bytes: "/") ? command.workdir : "/" + command.workdir, user: user,
            hostname: Self.hostname, users: job.users, mounts: root.mounts.mounts)
        document.network =
            switch command.network {
            case .host: .machine
            case .private: .own
            case .none: .none
            }
        document.hidesDevices = true
        // As in docker, the command may use sudo if the image has it, whatever its user is.
        document.keepsPrivileges = false
        return document
    }

    /// Returns runc's reason why the command could not run, or nil if it did.
    private func problem(in log: FilePath) -> String? {
        guard let content = try? FileSystem.read(log) else { return nil }
        for line in String(decoding: content, as: UTF8.self).split(separator: "\n") {
            guard let entry = try? JSONValue(parsing: String(line)), entry["level"]?.string == "error",
                let message = entry["msg"]?.string
            else { continue }
            return message
        }
        return nil
    }
}

/// Splits a command's output into lines of limited length.
struct OutputLines {
    private static let longest = 8 << 10
    private var rest: [UInt8] = []

    mutating func add(_ bytes: [UInt8], _ tell: (String) -> Void) {
        for byte in bytes {
            if byte == UInt8(ascii: "\n") { finish(tell, evenEmpty: true) } else { rest.append(byte) }
            if rest.count >= Self.longest { finish(tell) }
        }
    }

    /// Passes on the text after the last newline.
    mutating func finish(_ tell: (String) -> Void, evenEmpty: Bool = false) {
        defer { rest = [] }
        guard evenEmpty || !rest.isEmpty else { return }
        // Like a terminal, shows only the last state of a line that was overwritten, such as a progress bar.
        let shown = rest.split(separator: UInt8(ascii: "\r")).last ?? []
        tell(String(decoding: shown, as: UTF8.self))
    }
}
