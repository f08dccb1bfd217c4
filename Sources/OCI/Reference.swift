import Wording

/// The name of an image: `[host[:port]/]repository[:tag][@digest]`.
///
/// As in docker, a name without a host is Docker Hub's, and such a name without a slash is in its `library`.
/// Source: <https://github.com/distribution/reference>.
package struct Reference: Sendable, Hashable, CustomStringConvertible {
    /// Host and port as typed; `docker.io` if there was none.
    package let registry: String
    /// The repository's path in the registry.
    package let repository: String
    /// The tag; `latest` without a tag and a digest, nil with only a digest.
    package let tag: String?
    package let digest: Digest?

    /// Creates a reference from its parts, which must be valid.
    package init(registry: String, repository: String, tag: String?, digest: Digest? = nil) throws {
        let tagPart = tag.map { ":\($0)" } ?? ""
        let digestPart = digest.map { "@\($0)" } ?? ""
        try self.init("\(registry)/\(repository)\(tagPart)\(digestPart)")
    }

    /// Parses a reference as docker does.
    package init(_ text: String) throws {
        func failure(_ reason: String) -> Failure { Failure("read image reference '\(text)'", reason) }
        // Patterns take long for what is long, and each part has a length of its own below.
        guard text.utf8.count <= Self.longest else {
            throw failure("it has more than \(Self.longest) bytes, host and repository at most 255")
        }
        var rest = Substring(text)
        var digest: Digest?
        if let at = rest.firstIndex(of: "@") {
            digest = try Digest(String(rest[rest.index(after: at)...]))
            rest = rest[..<at]
        }
        var registry = "docker.io"
        if let host = Self.host(of: rest) {
            guard host.wholeMatch(of: Self.hostPattern) != nil else {
                throw failure("'\(host)' is not a host with an optional port")
            }
            registry = String(host)
            rest = Substring(rest.utf8.dropFirst(host.utf8.count + 1))
        }
        var tag: String?
        if let colon = rest.lastIndex(of: ":") {
            let text = rest[rest.index(after: colon)...]
            guard text.wholeMatch(of: Self.tagPattern) != nil else {
                throw failure("'\(text)' is not a tag of at most 128 letters, digits, '_', '.' and '-'")
            }
            tag = String(text)
            rest = rest[..<colon]
        }
        guard registry != "docker.io" || rest.wholeMatch(of: Self.identifierPattern) == nil else {
            throw failure("64 hexadecimal digits are an image's id and no name")
        }
        guard rest.wholeMatch(of: Self.repositoryPattern) != nil else {
            throw failure(
                rest.contains { $0.isUppercase }
                    ? "the repository '\(rest)' must be lower case" : "'\(rest)' is not a repository name")
        }
        if ["index.docker.io", "registry-1.docker.io"].contains(registry) { registry = "docker.io" }
        let repository = registry == "docker.io" && !rest.contains("/") ? "library/\(rest)" : String(rest)
        guard registry.utf8.count + 1 + repository.utf8.count <= 255 else {
            throw failure("host and repository are longer than 255 bytes")
        }
        self.registry = registry
        self.repository = repository
        self.tag = tag ?? (digest == nil ? "latest" : nil)
        self.digest = digest
    }

    /// Returns a registry's name as references write it; accepts URLs such as `https://ghcr.io/` too.
    package static func registry(_ text: String) throws -> String {
        var host = text[...]
        for scheme in ["https://", "http://"] where host.hasPrefix(scheme) { host = host.dropFirst(scheme.count) }
        for end in ["/v1/", "/v2/", "/"] where host.hasSuffix(end) {
            host = host.dropLast(end.count)
            break
        }
        guard text.utf8.count <= Self.longest, host.wholeMatch(of: Self.hostPattern) != nil else {
            throw Failure("read registry '\(text)'", "it is not a host with an optional port, as in ghcr.io")
        }
        return ["index.docker.io", "registry-1.docker.io"].contains(host) ? "docker.io" : String(host)
    }

    /// `host/repository`, without tag and digest.
    package var name: String { "\(registry)/\(repository)" }

    /// The identifier for requests to the registry: the digest, or the tag if there is none.
    package var identifier: String { digest?.description ?? tag ?? "latest" }

    /// The whole reference.
    package var description: String {
        name + (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "")
    }

    /// The reference as docker shows it, without the default registry and `library`.
    ///
    /// A part stays if the shorter text would be another reference, as in `docker.io/localhost/app`.
    package var familiar: String {
        let text = description
        let shorter = ["docker.io/library/", "docker.io/"].filter(text.hasPrefix).map {
            String(text.dropFirst($0.count))
        }
        return shorter.first { (try? Reference($0)) == self } ?? text
    }

    /// Returns a reference to another tag of the same repository.
    package func tagged(_ tag: String) throws -> Reference {
        try Reference(registry: registry, repository: repository, tag: tag)
    }

    /// Returns a reference to a digest in the same repository.
    package func pinned(to digest: Digest) -> Reference { Reference(self, tag: nil, digest: digest) }

    private init(_ other: Reference, tag: String?, digest: Digest?) {
        registry = other.registry
        repository = other.repository
        self.tag = tag
        self.digest = digest
    }

    /// The length in bytes above which no reference is valid, whatever its parts are.
    private static let longest = 1024

    // Regex is not Sendable, so it cannot be a stored constant. The compiler compiles the literal only once.
    private static var hostPattern: Regex<Substring> {
        #/(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*(?:\.[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*)*)(?::[0-9]{1,5})?/#
    }
    /// An image ID as docker shows it, which docker does not accept as a name.
    private static var identifierPattern: Regex<Substring> { #/[a-f0-9]{64}/# }
    private static var tagPattern: Regex<Substring> { #/[A-Za-z0-9_][A-Za-z0-9._-]{0,127}/# }
    private static var repositoryPattern: Regex<Substring> {
        #/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*/#
    }
}
