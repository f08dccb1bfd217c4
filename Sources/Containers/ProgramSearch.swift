import ByteText
import POSIX
package import SystemPackage
import Wording

/// The folders to search for the programs that caasctl starts, which are not always in PATH.
package struct ProgramSearch: Sendable {
    /// The folders to search, in order.
    package var folders: [FilePath]

    /// Collects the folders of PATH, the folder of `make setup`, and the administrator's folders.
    ///
    /// `make setup` downloads programs that it could not install. An ordinary user's PATH on Debian lacks the
    /// administrator's folders. A caasctl that was built in a checkout also searches the cache of that checkout.
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

    /// Returns the first program with this name; the error names its purpose.
    package func first(_ name: String, _ purpose: String) throws -> FilePath {
        if let program = all(name).first { return program }
        throw Failure("find \(name)", "\(purpose), and in no folder of PATH; run 'make setup' for it")
    }

    /// Returns every executable file with this name.
    package func all(_ name: String) -> [FilePath] {
        folders.map { $0.appending(name) }.filter { path in
            guard let status = try? FileStatus(path, followingLinks: true) else { return false }
            return status.kind == .regular && status.mode & 0o111 != 0
        }
    }
}
