import Dockerfile
import HTTP

/// A git repository that ADD names, and what of it is wanted: `https://host/me/app.git#v1.2:docs`.
///
/// Source: <https://docs.docker.com/reference/dockerfile/#adding-files-from-a-git-repository>.
struct GitAddress {
    /// Without what follows `#` and `?`.
    let url: String
    /// A branch, a tag or a commit; empty for what the repository itself says.
    private(set) var reference = ""
    /// The folder of the repository that is taken; empty for all of it.
    private(set) var folder = ""
    /// How the commit must begin, whatever the reference means.
    private(set) var commit: String?
    private(set) var keepsGitFolder: Bool?
    private(set) var takesSubmodules = true

    /// True for what is a repository and neither a path nor a file to download.
    static func isRepository(_ source: String) -> Bool {
        if ["git://", "ssh://"].contains(where: source.hasPrefix) || isShort(source) { return true }
        guard ["http://", "https://"].contains(where: source.hasPrefix) else { return false }
        return source.prefix { $0 != "#" && $0 != "?" }.hasSuffix(".git")
    }

    /// `git@host:me/app.git`, as ssh(1) writes places.
    private static func isShort(_ source: String) -> Bool {
        source.prefixMatch(of: #/[A-Za-z0-9_.-]+@[A-Za-z0-9.-]+:/#) != nil && !source.contains("://")
    }

    init(_ source: String, at place: SourcePlace) throws(ImageBuildError) {
        func failure(_ reason: String) -> ImageBuildError { ImageBuildError(copying: place.error(reason).description) }
        let parts = source.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let query = parts[0].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        url = query[0]
        guard !url.hasPrefix("ssh://"), !Self.isShort(url) else {
            throw failure("ADD of a repository by ssh is not supported, since it would use your keys; write https://")
        }
        if parts.count == 2 {
            let fragment = parts[1].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            reference = String(fragment[0])
            folder = fragment.count == 2 ? String(fragment[1]) : ""
        }
        for field in query.dropFirst().joined().split(separator: "&") {
            let pair = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let value = pair.count == 2 ? pair[1] : "true"
            switch pair[0] {
            case "ref": reference = value
            case "tag": reference = "refs/tags/\(value)"
            case "branch": reference = "refs/heads/\(value)"
            case "subdir": folder = value
            case "checksum", "commit": commit = value
            case "keep-git-dir": keepsGitFolder = value == "true" || value == "1"
            case "submodules": takesSubmodules = value == "true" || value == "1"
            default: throw failure("'\(pair[0])' in the address of a repository is unknown")
            }
        }
        guard !ContainerPath.hasParentName(folder) else { throw failure("'\(folder)' leads out of the repository") }
        guard url.hasPrefix("https://") || isPinned || isOnThisMachine else {
            throw failure("\(url.withoutUser) is not encrypted; write the whole commit behind '#', or https://")
        }
    }

    private var isOnThisMachine: Bool {
        guard let scheme = url.firstRange(of: "://") else { return false }
        return (try? HTTPURL("http\(url[scheme.lowerBound...])"))?.isLoopback == true
    }

    /// True where it says the whole digest of the commit, so that nobody on the way can give another one.
    var isPinned: Bool { Self.isCommit(reference) || commit.map(Self.isCommit) == true }

    static func isCommit(_ text: String) -> Bool {
        (text.utf8.count == 40 || text.utf8.count == 64)
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    /// The same commit, demanded by ADD's own `--checksum`.
    func demanding(_ checksum: String?, at place: SourcePlace) throws(ImageBuildError) -> GitAddress {
        guard let checksum else { return self }
        guard commit == nil || commit == checksum else {
            throw ImageBuildError(
                copying: place.error("--checksum=\(checksum) is not the commit of the address").description)
        }
        var address = self
        address.commit = checksum
        return address
    }
}

extension ContainerPath {
    /// True where one of the names is `..`.
    static func hasParentName(_ path: String) -> Bool {
        path.utf8.split(separator: slash).contains { $0.elementsEqual("..".utf8) }
    }
}
