import ByteText

/// Where an image is, as people write it on a command line.
package enum ImageLocation: Sendable, Hashable {
    /// `docker://REFERENCE`: an image in a registry, without the prefix.
    case registry(String)
    /// `store:NAME`: an image in this machine's store, without the prefix.
    case store(String)
    /// `oci:…`, `oci-archive:…` or `docker-archive:…`: an image in a layout or an archive, as it was written.
    case layout(String)
    /// A text without any of these prefixes.
    case name(String)

    package init(_ text: String) {
        if LayoutLocation.Form(prefixOf: text) != nil {
            self = .layout(text)
        } else if let name = text.dropping(bytes: "store:") {
            self = .store(String(name))
        } else if let reference = text.dropping(bytes: "docker://") {
            self = .registry(String(reference))
        } else {
            self = .name(text)
        }
    }
}

extension Reference {
    /// Returns the registry's host with which a name begins, nil where its first part is one of a repository's path.
    ///
    /// By docker's rule a host has a dot or a port, or is `localhost`.
    package static func host(of name: some StringProtocol) -> Substring? {
        let parts = Substring(name).split(byte: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let first = parts[0]
        return first.contains(byte: ".") || first.contains(byte: ":") || first == "localhost" ? first : nil
    }
}
