package import Definitions
import POSIX
package import SystemPackage
import Processes

/// The git checkout that contains an image's files, for the image's annotations.
///
/// The annotations contain only what is the same in every clone of a commit: no tags, no branch, no date of the clone.
/// Source: <https://github.com/opencontainers/image-spec/blob/main/annotations.md>.
package struct GitCheckout: Sendable {
    private static var git: ExternalProgram {
        ExternalProgram(name: "git", advice: "apt-get install git", inherited: ProgramEnvironment.git)
    }
    /// Stops git from writing to the checkout; the options below stop it from running programs that its config names.
    private static let environment = ["GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C.UTF-8"]
    private static let options = ["-c", "core.fsmonitor=false", "-c", "core.quotePath=false"]

    /// The file that defines the image; if it is not in the commit, the commit does not describe the image.
    private let definition: FilePath
    /// The other files and folders that go into the image.
    private let files: [FilePath]

    /// Creates the checkout of a definition, with the files and folders that it includes.
    package init(of definition: FilePath, with files: [FilePath]) {
        self.definition = definition
        self.files = files
    }

    /// Creates the checkout of an image's definition, its folder, and its files from elsewhere.
    package init(of definition: ImageDefinition, program: FilePath?) {
        let sources = definition.layers.flatMap(\.recipe.sources)
        self.init(of: definition.file, with: [definition.folder] + sources + [program].compactMap(\.self))
    }

    /// Returns the source URL and, if all files are unchanged, the commit; nothing if there is no checkout.
    package func annotations() async -> [String: String] {
        guard let definition = try? FileSystem.realPath(definition), Self.isInCheckout(definition) else { return [:] }
        let folder = definition.removingLastComponent()
        guard (try? await run(["ls-files", "--error-unmatch", "--", definition.string], in: folder)) != nil,
            let top = try? await run(["rev-parse", "--show-toplevel"], in: folder)
        else { return [:] }
        var annotations: [String: String] = [:]
        let remote = try? await run(["config", "--get", "remote.origin.url"], in: folder)
        annotations["org.opencontainers.image.source"] = remote.flatMap(Self.publicURL)
        // Files outside the checkout have no commit, like files that .gitignore lists.
        let inside = files.compactMap { try? FileSystem.realPath($0) }.filter { $0.starts(with: FilePath(top)) }
        let status = try? await run(
            ["status", "--porcelain=v2", "--branch", "--untracked-files=normal", "--", definition.string]
                + inside.map(\.string), in: folder)
        annotations["org.opencontainers.image.revision"] = status.flatMap(Self.cleanRevision)
        return annotations
    }

    private func run(_ arguments: [String], in folder: FilePath) async throws -> String {
        try await Self.git.run(["-C", folder.string] + Self.options + arguments, environment: Self.environment)
    }

    /// Looks for `.git` before git is run, because most builds are not in a checkout.
    private static func isInCheckout(_ file: FilePath) -> Bool {
        var folder = file
        while folder.removeLastComponent() {
            if FileSystem.exists(folder.appending(".git")) { return true }
        }
        return false
    }

    /// Returns the commit unless a file differs. <https://git-scm.com/docs/git-status#_porcelain_format_version_2>
    static func cleanRevision(_ status: String) -> String? {
        let lines = status.split(separator: "\n")
        guard lines.allSatisfy({ $0.hasPrefix("#") }) else { return nil }
        let commit = lines.firstMatch(of: "# branch.oid ").map(String.init)
        return commit?.wholeMatch(of: #/[0-9a-f]{40}|[0-9a-f]{64}/#) == nil ? nil : commit
    }

    /// Returns the public web address of a remote, without user and password; SSH and git addresses become HTTPS.
    ///
    /// Returns nil for a remote that exists only on this machine.
    static func publicURL(_ remote: String) -> String? {
        let scheme: Substring
        let authority: Substring
        var path: Substring
        if let match = remote.wholeMatch(of: #/([a-z+]+):\/\/([^\/?#]*)\/([^?#]*).*/#) {
            (scheme, authority, path) = (match.1, match.2, match.3)
        } else if let match = remote.wholeMatch(of: #/((?:[^\/:@]*@)?[A-Za-z0-9._-]+):([^\/:\s]\S*)/#) {
            // The syntax git@github.com:me/app.git.
            (scheme, authority, path) = ("ssh", match.1, match.2)
        } else {
            return nil
        }
        guard ["https", "http", "ssh", "git", "git+ssh"].contains(scheme) else { return nil }
        var host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        let isWeb = scheme.hasPrefix("http")
        // The port of another protocol is not the web server's port.
        if !isWeb { host = host.prefix { $0 != ":" } }
        while path.hasSuffix("/") { path = path.dropLast() }
        if path.hasSuffix(".git") { path = path.dropLast(4) }
        guard !host.isEmpty, !path.isEmpty else { return nil }
        return "\(isWeb ? scheme : "https")://\(host)/\(path)"
    }
}

extension [Substring] {
    /// Returns the text after a prefix in the first line that has it.
    fileprivate func firstMatch(of prefix: String) -> Substring? {
        first { $0.hasPrefix(prefix) }?.dropFirst(prefix.count)
    }
}
