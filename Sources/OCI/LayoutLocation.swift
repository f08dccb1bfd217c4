import ByteText
package import SystemPackage

/// An image in an OCI layout or in an archive: `oci:DIR[:TAG]`, `oci-archive:FILE[:TAG]` or `docker-archive:FILE[:TAG]`.
///
/// <https://github.com/containers/image/blob/main/docs/containers-transports.5.md>
package struct LayoutLocation: Sendable, Hashable, CustomStringConvertible {
    /// The formats, by their prefixes.
    package enum Form: String, Sendable, CaseIterable {
        /// An OCI layout as a folder, which may hold other images too.
        case layout = "oci"
        /// A tar of an OCI layout, compressed or not.
        case ociArchive = "oci-archive"
        /// A tar written by `docker save`, with or without an OCI layout in it.
        case dockerArchive = "docker-archive"

        /// Returns the form with whose prefix a text begins, nil for another text.
        package init?(prefixOf text: String) {
            guard let form = Self.allCases.first(where: { text.hasPrefix(bytes: "\($0.rawValue):") }) else {
                return nil
            }
            self = form
        }
    }

    package let form: Form
    /// The folder or file.
    package let path: FilePath
    /// The image's tag or name in it; nil where it has only one image.
    package let name: String?

    package init(_ form: Form, _ path: FilePath, name: String?) {
        self.form = form
        self.path = path
        self.name = name
    }

    /// Parses a location; nil where the text begins with the prefix of no format, or names no file.
    ///
    /// As in skopeo, the name begins after the first colon behind the prefix.
    package init?(_ text: String) {
        let parts = text.split(byte: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        guard parts.count > 1, let form = Form(rawValue: parts[0]), !parts[1].isEmpty else { return nil }
        self.init(form, FilePath(parts[1]), name: parts.count == 3 && !parts[2].isEmpty ? parts[2] : nil)
    }

    /// The location with its path below another folder.
    package func below(_ folder: FilePath) -> LayoutLocation {
        LayoutLocation(form, folder.pushing(path), name: name)
    }

    /// The text from which ``init(_:)`` parses the same location.
    package var description: String { "\(form.rawValue):\(path)" + (name.map { ":\($0)" } ?? "") }
}
