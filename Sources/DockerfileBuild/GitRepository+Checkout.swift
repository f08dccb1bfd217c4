import ImageLayers
import POSIX
import SystemPackage
import Wording
import Processes

/// The files of a repository, for ADD.
///
/// Any Dockerfile may request this, so git runs without the user's configuration, passwords and keys.
extension GitRepository {
    private static let shown: Set<String> = [
        "PATH", "TMPDIR", "http_proxy", "https_proxy", "no_proxy", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO",
    ]

    private static func git(_ arguments: [String]) async throws -> String {
        let program = ExternalProgram(name: "git", advice: "apt-get install git", inherited: shown)
        return try await program.run(
            arguments,
            environment: [
                "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": "/nonexistent",
                "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_ALLOW_PROTOCOL": "https:http:git",
            ])
    }

    /// Checks out the files that an address selects into a new folder, and returns the commit.
    static func checkOut(_ address: GitAddress, into folder: FilePath, keepingGitFolder: Bool) async throws -> String {
        do {
            let commit = try await commit(of: address)
            try await checkOut(commit, of: address, into: folder)
            if keepingGitFolder { try await settleGitFolders(in: folder) }
            try await BlockingThread.run { try settle(Folder(folder), keepingGitFolder: keepingGitFolder) }
            return commit
        } catch {
            throw Failure("fetch \(address.url.withoutUser)", Failure.reason(of: error).withoutUser)
        }
    }

    private static func commit(of address: GitAddress) async throws -> String {
        let commit: String
        if GitAddress.isCommit(address.reference) {
            commit = address.reference
        } else {
            let name = address.reference
            let names = name.isEmpty ? ["HEAD"] : ["refs/tags/\(name)", "refs/heads/\(name)", name]
            // The object of an annotated tag is not the commit that the tag refers to; `^{}` is.
            let wanted = names.flatMap { ["\($0)^{}", $0] }
            let found = references(try await git(["ls-remote", "--quiet", "--", address.url] + wanted))
            guard let named = wanted.lazy.compactMap({ found[$0] }).first, GitAddress.isCommit(named) else {
                throw Failure(
                    "find '\(name)'", "it has no branch or tag '\(name)'; a commit is written with all its digits")
            }
            commit = named
        }
        if let demanded = address.commit, !commit.hasPrefix(demanded) {
            throw Failure("check '\(address.reference)'", "it is the commit \(commit), not \(demanded)")
        }
        return commit
    }

    private static func checkOut(_ commit: String, of address: GitAddress, into folder: FilePath) async throws {
        let format = commit.count == 64 ? "sha256" : "sha1"
        let place = ["-C", folder.string]
        // Without a template, the repository gets no hooks.
        _ = try await git(["init", "--quiet", "--template=", "--object-format=\(format)", folder.string])
        _ = try await git(place + ["remote", "add", "origin", address.url.withoutUser])
        do {
            _ = try await git(place + ["fetch", "--quiet", "--depth=1", "--no-tags", "--", address.url, commit])
        } catch {
            // A server may refuse to send a single commit.
            let all = ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"]
            _ = try await git(place + ["fetch", "--quiet", "--", address.url] + all)
        }
        _ = try await git(place + ["-c", "core.autocrlf=false", "checkout", "--quiet", "--detach", commit])
        if address.takesSubmodules, FileSystem.exists(folder.appending(".gitmodules")) {
            let update = place + ["submodule", "--quiet", "update", "--init", "--recursive"]
            // A server need not give parts of a history.
            do { _ = try await git(update + ["--depth=1"]) } catch { _ = try await git(update) }
        }
    }

    /// Makes git's own folders the same for every fetch: new packs, and an index without this machine's attributes.
    private static func settleGitFolders(in folder: FilePath) async throws {
        let script = """
            git -c pack.threads=1 repack --quiet -a -d -f
            place=$(git rev-parse --absolute-git-dir)
            rm -rf "$place/index" "$place/logs" "$place/FETCH_HEAD" "$place/ORIG_HEAD"
            git read-tree HEAD
            """
        let place = ["-C", folder.string]
        _ = try await git(place + ["submodule", "--quiet", "foreach", "--recursive", script])
        _ = try await git(place + ["-c", "alias.settle=!set -e; cd \"$PWD\"; \(script)", "settle"])
    }

    /// Sets the modes that git stores, regardless of the umask, and removes `.git` unless it is kept.
    private static func settle(_ folder: Folder, keepingGitFolder: Bool) throws {
        for name in try folder.names() {
            guard let status = try folder.status(name) else { continue }
            if name.string == ".git" && !keepingGitFolder {
                try folder.removeTree(name)
                continue
            }
            switch status.kind {
            case .directory:
                try settle(folder.folder(name), keepingGitFolder: keepingGitFolder)
                try FileSystem.setMode(folder.path.appending(name), 0o755)
            case .regular:
                try FileSystem.setMode(folder.path.appending(name), status.mode & 0o100 != 0 ? 0o755 : 0o644)
            default: continue
            }
        }
    }
}
