/// The name of an image: `[host[:port]/]repository[:tag][@digest]`.
///
/// A name without a host is Docker Hub's, and one without a slash is in its `library`, as in docker.
/// Source: <https://github.com/distribution/reference>.
package struct Reference: Sendable, Hashable, CustomStringConvertible {
    /// Host and port as typed, `docker.io` where none was.
    package let registry: String
    /// The path below the registry.
    package let repository: String
    /// The tag, nil where only a digest was given; `latest` where neither was.
    package let tag: String?
    /// The digest where one was given.
    package let digest: Digest?

    /// A reference from its parts, which must be valid.
    package init(registry: String, repository: String, tag: String?, digest: Digest? = nil) throws(OCIError) {
        let tagPart = tag.map { ":\($0)" } ?? ""
        let digestPart = digest.map { "@\($0)" } ?? ""
        try self.init("\(registry)/\(repository)\(tagPart)\(digestPart)")
    }

    /// Parses a reference as docker does.
    package init(_ text: String) throws(OCIError) {
        func failure(_ reason: String) -> OCIError { OCIError("read image reference '\(text)'", reason) }
        var rest = Substring(text)
        var digest: Digest?
        if let at = rest.firstIndex(of: "@") {
            digest = try Digest(String(rest[rest.index(after: at)...]))
            rest = rest[..<at]
        }
        var registry = "docker.io"
        if let slash = rest.firstIndex(of: "/") {
            let first = rest[..<slash]
            if first.contains(".") || first.contains(":") || first == "localhost" {
                guard first.wholeMatch(of: Self.hostPattern) != nil else {
                    throw failure("'\(first)' is not a host with an optional port")
                }
                registry = String(first)
                rest = rest[rest.index(after: slash)...]
            }
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

    /// A registry's name as references begin with it, from what people type: also `https://ghcr.io/`.
    package static func registry(_ text: String) throws(OCIError) -> String {
        var host = text[...]
        for scheme in ["https://", "http://"] where host.hasPrefix(scheme) { host = host.dropFirst(scheme.count) }
        for end in ["/v1/", "/v2/", "/"] where host.hasSuffix(end) {
            host = host.dropLast(end.count)
            break
        }
        guard host.wholeMatch(of: Self.hostPattern) != nil else {
            throw OCIError("read registry '\(text)'", "it is not a host with an optional port, as in ghcr.io")
        }
        return ["index.docker.io", "registry-1.docker.io"].contains(host) ? "docker.io" : String(host)
    }

    /// `host/repository`, without tag and digest.
    package var name: String { "\(registry)/\(repository)" }

    /// What the registry is asked for: the digest where there is one, else the tag.
    package var identifier: String { digest?.description ?? tag ?? "latest" }

    /// The whole reference.
    package var description: String {
        name + (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "")
    }

    /// The reference as people type it, without what is understood, as docker shows it.
    package var familiar: String {
        let hub = "docker.io/"
        let library = "library/"
        var text = Substring(description)
        if text.hasPrefix(hub) { text = text.dropFirst(hub.count) }
        if registry == "docker.io", text.hasPrefix(library) { text = text.dropFirst(library.count) }
        return String(text)
    }

    /// The same repository at another tag.
    package func tagged(_ tag: String) throws(OCIError) -> Reference {
        try Reference(registry: registry, repository: repository, tag: tag)
    }

    /// The same repository at exactly this content.
    package func pinned(to digest: Digest) -> Reference { Reference(self, tag: nil, digest: digest) }

    private init(_ other: Reference, tag: String?, digest: Digest?) {
        registry = other.registry
        repository = other.repository
        self.tag = tag
        self.digest = digest
    }

    // Regex is not Sendable, so that a stored one cannot be shared; a literal is compiled once by its compiler.
    private static var hostPattern: Regex<Substring> {
        #/(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*(?:\.[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*)*)(?::[0-9]{1,5})?/#
    }
    /// What docker shows as an image's id, and takes for no name.
    private static var identifierPattern: Regex<Substring> { #/[a-f0-9]{64}/# }
    private static var tagPattern: Regex<Substring> { #/[A-Za-z0-9_][A-Za-z0-9._-]{0,127}/# }
    private static var repositoryPattern: Regex<Substring> {
        #/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*/#
    }
}
