import POSIX
import Subprocess
import SystemPackage

/// Where the programs are that the sandbox starts.
struct ProgramSearch: Sendable {
    /// The folders that are looked in, in order.
    let folders: [FilePath]

    /// The folders of PATH, those where `make setup` puts what it could not install, and those for administrators, which
    /// an ordinary user's PATH lacks on Debian.
    ///
    /// A caasctl that was built in a checkout finds the checkout's own cache.
    init(
        program: FilePath? = nil, path: String? = ProcessEnvironment.value("PATH"),
        cache: String? = ProcessEnvironment.value("CAASCTL_CACHE")
    ) {
        var folders = (path ?? "").split(separator: ":").map(String.init)
        if let cache { folders.append("\(cache)/bin") }
        if let program, let build = program.components.firstIndex(of: ".build") {
            let checkout = FilePath(root: program.root, program.components[..<build])
            folders.append(checkout.appending(".cache/bin").string)
        }
        folders += ["/usr/local/sbin", "/usr/sbin", "/sbin"]
        var known: Set<String> = []
        self.folders = folders.filter { $0.hasPrefix("/") && known.insert($0).inserted }.map { FilePath($0) }
    }

    /// The docker-registry program.
    func registry() throws(SandboxError) -> FilePath { try first("docker-registry", "it is the sandbox's registry") }

    /// The container runtime.
    func runc() throws(SandboxError) -> FilePath { try first("runc", "it runs the sandbox's containers") }

    /// An rclone that has an S3 server, which came with 1.65; Debian 12's is older.
    func rclone() async throws(SandboxError) -> FilePath {
        var found: [String] = []
        for program in all("rclone") {
            guard let version = await Self.version(of: program) else { continue }
            if version.major > 1 || (version.major == 1 && version.minor >= 65) { return program }
            found.append("\(program) is \(version.major).\(version.minor)")
        }
        let reason = found.isEmpty ? "it is in no folder of PATH" : found.joined(separator: ", ")
        throw SandboxError("find rclone 1.65 or newer, the sandbox's S3 server", "\(reason); run 'make setup' for it")
    }

    private func first(_ name: String, _ purpose: String) throws(SandboxError) -> FilePath {
        if let program = all(name).first { return program }
        throw SandboxError("find \(name)", "\(purpose), and in no folder of PATH; run 'make setup' for it")
    }

    private func all(_ name: String) -> [FilePath] {
        folders.map { $0.appending(name) }.filter { path in
            guard let status = try? FileStatus(path, followingLinks: true) else { return false }
            return status.kind == .regular && status.mode & 0o111 != 0
        }
    }

    /// What `rclone version` says in its first line: `rclone v1.75.2`.
    private static func version(of rclone: FilePath) async -> (major: Int, minor: Int)? {
        let result = try? await Subprocess.run(
            .path(rclone), arguments: ["version"], output: .string(limit: 64 << 10), error: .discarded)
        guard let match = result?.standardOutput.firstMatch(of: #/rclone v(\d+)\.(\d+)/#) else { return nil }
        return Int(match.1).flatMap { major in Int(match.2).map { (major, $0) } }
    }
}
