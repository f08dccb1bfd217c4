import ByteText
import POSIX
package import SystemPackage

/// Where programs are looked for that caasctl starts and that may lie beside it rather than in PATH.
package struct ProgramSearch: Sendable {
    /// The folders that are looked in, in order.
    package var folders: [FilePath]

    /// The folders of PATH, those where `make setup` puts what it could not install, and those for administrators, which
    /// an ordinary user's PATH lacks on Debian.
    ///
    /// A caasctl that was built in a checkout finds the checkout's own cache.
    package init(
        program: FilePath? = nil, path: String? = ProcessEnvironment.value("PATH"),
        cache: String? = ProcessEnvironment.value("CAASCTL_CACHE")
    ) {
        var folders = (path ?? "").split(byte: ":").map(String.init)
        if let cache { folders.append("\(cache)/bin") }
        if let program, let build = program.components.firstIndex(of: ".build") {
            let checkout = FilePath(root: program.root, program.components[..<build])
            folders.append(checkout.appending(".cache/bin").string)
        }
        folders += ["/usr/local/sbin", "/usr/sbin", "/sbin"]
        var known: Set<String> = []
        self.folders = folders.filter { $0.hasPrefix(bytes: "/") && known.insert($0).inserted }.map { FilePath($0) }
    }

    /// The first program of a name, which has a purpose.
    package func first(_ name: String, _ purpose: String) throws(ContainerError) -> FilePath {
        if let program = all(name).first { return program }
        throw ContainerError("find \(name)", "\(purpose), and in no folder of PATH; run 'make setup' for it")
    }

    /// Every program of a name.
    package func all(_ name: String) -> [FilePath] {
        folders.map { $0.appending(name) }.filter { path in
            guard let status = try? FileStatus(path, followingLinks: true) else { return false }
            return status.kind == .regular && status.mode & 0o111 != 0
        }
    }
}
