import ByteText
import Dockerfile
import HTTP
import Hashing
import ImageLayers
import Wording

/// The address of a git repository in an ADD, with the selected files: `https://host/me/app.git#v1.2:docs`.
///
/// Sources: <https://docs.docker.com/reference/dockerfile/#adding-files-from-a-git-repository>, and for what disagrees
/// BuildKit's frontend/dockerfile/dfgitutil/git_ref.go, loadQuery.
struct GitAddress {
    /// The URL without the fragment and the query.
    let url: String
    /// A branch, a tag or a commit; empty for the repository's HEAD.
    private(set) var reference = ""
    /// The folder of the repository to copy; empty for the whole repository.
    private(set) var folder = ""
    /// The required beginning of the commit that the reference resolves to.
    private(set) var commit: String?
    private(set) var keepsGitFolder: Bool?
    private(set) var takesSubmodules = true

    /// Returns whether a source is a repository, and not a path or a file to download.
    static func isRepository(_ source: String) -> Bool {
        if ["git://", "ssh://"].contains(where: source.hasPrefix) || isShort(source) { return true }
        guard ["http://", "https://"].contains(where: source.hasPrefix) else { return false }
        return source.prefix { $0 != "#" && $0 != "?" }.hasSuffix(".git")
    }

    /// Returns whether a source is an address in the syntax of ssh(1): `git@host:me/app.git`.
    private static func isShort(_ source: String) -> Bool {
        source.prefixMatch(of: #/[A-Za-z0-9_.-]+@[A-Za-z0-9.-]+:/#) != nil && !source.contains("://")
    }

    init(_ source: String, at place: SourcePlace) throws {
        let parts = source.split(byte: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let query = parts[0].split(byte: "?", maxSplits: 1, omittingEmptySubsequences: false)
        url = String(query[0])
        guard !url.hasPrefix("ssh://"), !Self.isShort(url) else {
            throw Self.failure(
                "ADD of a repository by ssh is not supported, since it would use your keys; write https://", place)
        }
        if parts.count == 2 {
            let fragment = String(decoding: PercentEncoding.decode(parts[1]), as: UTF8.self)
                .split(byte: ":", maxSplits: 1, omittingEmptySubsequences: false)
            reference = String(fragment[0])
            folder = fragment.count == 2 ? String(fragment[1]) : ""
        }
        if query.count == 2 { try read(query[1], place) }
        guard !ContainerPath.hasParentName(folder) else {
            throw Self.failure("'\(folder)' leads out of the repository", place)
        }
    }

    private static func failure(_ reason: String, _ place: SourcePlace) -> Failure {
        place.error(reason)
    }

    /// Takes what follows `?`, of which nothing may be said twice otherwise.
    private mutating func read(_ query: Substring, _ place: SourcePlace) throws {
        var names: Set<ExactText> = []
        for field in query.split(byte: "&") {
            let pair = field.split(byte: "=", maxSplits: 1, omittingEmptySubsequences: false).map(Self.decoded)
            let (name, value) = (pair[0], pair.count == 2 ? pair[1] : "")
            guard names.insert(ExactText(name)).inserted else {
                throw Self.failure("'\(name)' stands twice in the address of a repository", place)
            }
            switch name {
            case "keep-git-dir": keepsGitFolder = try Self.flag(name, value, place)
            case "submodules": takesSubmodules = try Self.flag(name, value, place)
            case "ref", "tag", "branch", "subdir", "checksum", "commit":
                guard !value.isEmpty else {
                    throw Self.failure("'\(name)' in the address of a repository needs a value", place)
                }
                try set(name, value, place)
            default: throw Self.failure("'\(name)' in the address of a repository is unknown", place)
            }
        }
    }

    private mutating func set(_ name: String, _ value: String, _ place: SourcePlace) throws {
        func agree(_ text: inout String, _ new: String) throws {
            guard text.isEmpty || text.isSame(bytes: new) else {
                throw Self.failure("'\(text)' and '\(new)' in the address of a repository disagree", place)
            }
            text = new
        }
        func whole(_ prefix: String) -> String { value.hasPrefix(bytes: prefix) ? value : prefix + value }
        switch name {
        case "ref": try agree(&reference, value)
        case "tag": try agree(&reference, whole("refs/tags/"))
        case "branch": try agree(&reference, whole("refs/heads/"))
        case "subdir": try agree(&folder, value)
        default: commit = value
        }
    }

    private static func decoded(_ text: Substring) -> String {
        String(decoding: PercentEncoding.decode(text, plusIsSpace: true), as: UTF8.self)
    }

    /// True where it is named alone, too.
    private static func flag(_ name: String, _ value: String, _ place: SourcePlace) throws -> Bool {
        switch value {
        case "", "1", "t", "T", "true", "TRUE", "True": return true
        case "0", "f", "F", "false", "FALSE", "False": return false
        default:
            throw failure("'\(name)' in the address of a repository is true or false, not '\(value)'", place)
        }
    }

    private var isOnThisMachine: Bool {
        guard let scheme = url.firstRange(of: "://") else { return false }
        return (try? HTTPURL("http\(url[scheme.lowerBound...])"))?.isLoopback == true
    }

    /// Whether the address contains a full commit digest, so that nothing on the way can substitute another commit.
    var isPinned: Bool { Self.isCommit(reference) || commit.map(Self.isCommit) == true }

    static func isCommit(_ text: String) -> Bool {
        (text.utf8.count == 40 || text.utf8.count == 64)
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    /// The same commit, demanded by ADD's own `--checksum`; who is on the way must not decide which one comes.
    func demanding(_ checksum: String?, at place: SourcePlace) throws -> GitAddress {
        var address = self
        if let checksum {
            guard commit == nil || commit == checksum else {
                throw Self.failure("--checksum=\(checksum) is not the commit of the address", place)
            }
            address.commit = checksum
        }
        guard url.hasPrefix("https://") || address.isPinned || isOnThisMachine else {
            throw Self.failure(
                "\(url.withoutUser) is not encrypted; write the whole commit behind '#', or https://", place)
        }
        return address
    }
}

extension ContainerPath {
    /// Returns whether one of the names is `..`.
    static func hasParentName(_ path: String) -> Bool {
        path.utf8.split(separator: slash).contains { $0.elementsEqual("..".utf8) }
    }
}
