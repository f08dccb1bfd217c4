import POSIX
import SystemPackage
import Wording
import Processes

/// A bare repository that contains one commit without its history.
package struct GitRepository {
    private static var git: ExternalProgram {
        ExternalProgram(name: "git", advice: "apt-get install git", inherited: ProgramEnvironment.git)
    }
    /// git must not wait for a password, because there is no terminal to enter it.
    private static let environment = ["GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8", "TZ": "UTC"]

    let path: FilePath

    private func run(_ arguments: [String], for login: GitLogin? = nil) async throws -> String {
        try await Self.git.run(
            ["-C", path.string] + arguments, environment: Self.environment.merging(login?.environment ?? [:]) { $1 })
    }

    /// Fetches a commit, or all commits if the server does not send single ones.
    func fetch(_ commit: String, from url: String) async throws {
        let login = GitLogin(of: url)
        let format = commit.count == 64 ? "sha256" : "sha1"
        try await Self.git.run(
            ["init", "--quiet", "--bare", "--object-format=\(format)", path.string], environment: Self.environment)
        do {
            _ = try await run(["fetch", "--quiet", "--depth=1", "--no-tags", "--", login.url, commit], for: login)
        } catch {
            let reason = Failure.reason(of: error)
            do {
                let all = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]
                _ = try await run(["fetch", "--quiet", "--", login.url] + all, for: login)
            } catch {
                throw Failure("fetch commit \(commit) from \(url.withoutUser)", Failure.reason(of: error).withoutUser)
            }
            do { _ = try await run(["cat-file", "-e", "\(commit)^{commit}"]) } catch {
                throw Failure("fetch commit \(commit) from \(url.withoutUser)", reason.withoutUser)
            }
        }
    }

    /// Throws if a repository is not reachable; whether it has the commit shows only when that is fetched.
    static func reach(_ url: String, for commit: String) async throws {
        do {
            let login = GitLogin(of: url)
            _ = try await git.run(
                ["ls-remote", "--quiet", "--", login.url, "HEAD"],
                environment: environment.merging(login.environment) { $1 })
        } catch {
            throw Failure("fetch commit \(commit) from \(url.withoutUser)", Failure.reason(of: error).withoutUser)
        }
    }

    /// Returns the commit that a tag or branch refers to now; a tag wins over a branch, as in git.
    static func find(_ name: String, at url: String) async throws -> String {
        let names = ["refs/tags/\(name)^{}", "refs/tags/\(name)", "refs/heads/\(name)", name]
        let lines: String
        do {
            let login = GitLogin(of: url)
            lines = try await git.run(
                ["ls-remote", "--quiet", "--", login.url] + names,
                environment: environment.merging(login.environment) { $1 })
        } catch { throw Failure("find '\(name)' at \(url.withoutUser)", Failure.reason(of: error).withoutUser) }
        let found = references(lines)
        for name in names { if let commit = found[name] { return commit } }
        let isShort = name.wholeMatch(of: #/[0-9a-f]{4,39}/#) != nil
        throw Failure(
            "find '\(name)' at \(url.withoutUser)",
            "it has no such branch or tag" + (isShort ? "; a commit must be written with all its digits" : ""))
    }

    /// Parses the output of `git ls-remote`: commits, or tag objects, by reference name.
    package static func references(_ lines: String) -> [String: String] {
        var found: [String: String] = [:]
        for line in lines.split(separator: "\n") {
            let fields = line.split(separator: "\t")
            if fields.count == 2 { found[String(fields[1])] = String(fields[0]) }
        }
        return found
    }

    /// Returns the commit date in seconds since 1970.
    func date(of commit: String) async throws -> Int64 {
        let text = try await run(["show", "--no-patch", "--format=%ct", commit])
        guard let date = Int64(text.prefix { $0.isNumber }) else {
            throw Failure("read commit \(commit)", "git does not tell its date")
        }
        return date
    }

    /// Writes the files of a commit to a tar.
    func archive(_ commit: String, to file: FilePath) async throws {
        _ = try await run(["-c", "core.autocrlf=false", "archive", "--format=tar", "--output=\(file)", commit])
    }
}
