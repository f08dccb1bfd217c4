package import Definitions
import POSIX
package import SystemPackage

/// The git checkout that the files of an image are in, as the image's annotations tell of it.
///
/// Only what is the same in every clone of a commit is told: no tags, no branch, no date of the clone.
/// Source: <https://github.com/opencontainers/image-spec/blob/main/annotations.md>.
package struct GitCheckout: Sendable {
    private static var git: ExternalProgram {
        ExternalProgram(name: "git", advice: "apt-get install git", inherited: ProgramEnvironment.git)
    }
    /// git must not write into a checkout that we only look at, nor run what a checkout's configuration names.
    private static let environment = ["GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C.UTF-8"]
    private static let options = ["-c", "core.fsmonitor=false", "-c", "core.quotePath=false"]

    /// What says what the image is; without it in the commit, the commit says nothing of the image.
    private let definition: FilePath
    /// What else goes into the image.
    private let files: [FilePath]

    /// The checkout of a definition, and of the files and folders that it takes in.
    package init(of definition: FilePath, with files: [FilePath]) {
        self.definition = definition
        self.files = files
    }

    /// The checkout of an image's definition, its folder, and what it takes from elsewhere.
    package init(of definition: ImageDefinition, program: FilePath?) {
        let sources = definition.layers.compactMap { layer in
            if case .files(let layer) = layer { layer.from } else { nil }
        }
        self.init(of: definition.file, with: [definition.folder] + sources + [program].compactMap(\.self))
    }

    /// Where the source is and, if all the files are those of the commit, which one; nothing where there is no git.
    package func annotations() async -> [String: String] {
        guard let definition = try? FileSystem.realPath(definition), Self.isInCheckout(definition) else { return [:] }
        let folder = definition.removingLastComponent()
        guard (try? await run(["ls-files", "--error-unmatch", "--", definition.string], in: folder)) != nil,
            let top = try? await run(["rev-parse", "--show-toplevel"], in: folder)
        else { return [:] }
        var annotations: [String: String] = [:]
        let remote = try? await run(["config", "--get", "remote.origin.url"], in: folder)
        annotations["org.opencontainers.image.source"] = remote.flatMap(Self.publicURL)
        // What is outside the checkout has no commit, as what .gitignore lists has none.
        let inside = files.compactMap { try? FileSystem.realPath($0) }.filter { $0.starts(with: FilePath(top)) }
        let status = try? await run(
            ["status", "--porcelain=v2", "--branch", "--untracked-files=normal", "--", definition.string]
                + inside.map(\.string), in: folder)
        annotations["org.opencontainers.image.revision"] = status.flatMap(Self.cleanRevision)
        return annotations
    }

    private func run(_ arguments: [String], in folder: FilePath) async throws(ImageBuildError) -> String {
        try await Self.git.run(["-C", folder.string] + Self.options + arguments, environment: Self.environment)
    }

    /// Looks for `.git` itself: most builds need no program to learn that there is none.
    private static func isInCheckout(_ file: FilePath) -> Bool {
        var folder = file
        while folder.removeLastComponent() {
            if FileSystem.exists(folder.appending(".git")) { return true }
        }
        return false
    }

    /// The commit, unless a file differs from it. <https://git-scm.com/docs/git-status#_porcelain_format_version_2>
    static func cleanRevision(_ status: String) -> String? {
        let lines = status.split(separator: "\n")
        guard lines.allSatisfy({ $0.hasPrefix("#") }) else { return nil }
        let commit = lines.firstMatch(of: "# branch.oid ").map(String.init)
        return commit?.wholeMatch(of: #/[0-9a-f]{40}|[0-9a-f]{64}/#) == nil ? nil : commit
    }

    /// A remote's address as everybody may see it: over HTTPS, without who fetches and with what password.
    ///
    /// Nil for one of this machine alone.
    static func publicURL(_ remote: String) -> String? {
        let scheme: Substring
        let authority: Substring
        var path: Substring
        if let match = remote.wholeMatch(of: #/([a-z+]+):\/\/([^\/?#]*)\/([^?#]*).*/#) {
            (scheme, authority, path) = (match.1, match.2, match.3)
        } else if let match = remote.wholeMatch(of: #/((?:[^\/:@]*@)?[A-Za-z0-9._-]+):([^\/:\s]\S*)/#) {
            // As in git@github.com:me/app.git.
            (scheme, authority, path) = ("ssh", match.1, match.2)
        } else {
            return nil
        }
        guard ["https", "http", "ssh", "git", "git+ssh"].contains(scheme) else { return nil }
        var host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        let isWeb = scheme.hasPrefix("http")
        // The port of another protocol says nothing of the web server's.
        if !isWeb { host = host.prefix { $0 != ":" } }
        while path.hasSuffix("/") { path = path.dropLast() }
        if path.hasSuffix(".git") { path = path.dropLast(4) }
        guard !host.isEmpty, !path.isEmpty else { return nil }
        return "\(isWeb ? scheme : "https")://\(host)/\(path)"
    }
}

extension [Substring] {
    /// What follows a prefix in the first line that has it.
    fileprivate func firstMatch(of prefix: String) -> Substring? {
        first { $0.hasPrefix(prefix) }?.dropFirst(prefix.count)
    }
}
