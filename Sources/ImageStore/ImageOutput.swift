import ByteText
import OCI
import POSIX
package import SystemPackage

/// An output for an image outside the store.
///
/// It is written `oci:DIR[:TAG]`, `oci-archive:FILE[:TAG]` or `docker-archive:FILE[:TAG]`.
package struct ImageOutput: Sendable, Hashable, CustomStringConvertible {
    /// The format of the output.
    package enum Form: String, Sendable, CaseIterable {
        /// An OCI layout as a folder, which may hold other images too.
        case layout = "oci"
        /// A tar of an OCI layout, with all platforms of the image.
        case ociArchive = "oci-archive"
        /// A tar for `docker load`, with one platform.
        case dockerArchive = "docker-archive"
    }

    package let form: Form
    /// The folder or file; `-` for standard output.
    package let path: FilePath
    /// The image's name in the output as typed: a tag, or a whole reference.
    package let name: String?

    /// Parses an output; as in skopeo, the name begins after the first colon behind the prefix.
    package init(_ text: String) throws(ImageStoreError) {
        func failure(_ reason: String) -> ImageStoreError { ImageStoreError("write to '\(text)'", reason) }
        let parts = text.split(byte: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        guard let form = Form(rawValue: parts[0]), parts.count > 1 else {
            throw failure("it is not oci:DIR[:TAG], oci-archive:FILE[:TAG] or docker-archive:FILE[:TAG]")
        }
        guard !parts[1].isEmpty else { throw failure("it names no \(form == .layout ? "folder" : "file")") }
        guard form == .layout || FilePath(ofFile: parts[1]) != nil else {
            throw failure("it names a folder; name a file in it")
        }
        self.form = form
        path = FilePath(parts[1])
        name = parts.count == 3 ? parts[2] : nil
        guard form != .layout || parts[1] != "-" else { throw failure("a folder cannot go to standard output") }
        if let name { _ = try Self.parse(name, failure) }
    }

    /// True if the archive is written to standard output.
    package var isStandardOutput: Bool { form != .layout && path == "-" }

    /// The text from which ``init(_:)`` parses the same output.
    package var description: String { "\(form.rawValue):\(path)" + (name.map { ":\($0)" } ?? "") }

    /// Returns the tag and the whole name of an image in this output; `image` is its name elsewhere.
    ///
    /// The reference is nil if `image` is not a valid reference.
    func names(of image: String) -> (tag: String, reference: Reference?) {
        let usual = try? Reference(image)
        guard let name, let (tag, reference) = try? Self.parse(name, { ImageStoreError("read \(name)", $0) }) else {
            return (usual?.tag ?? "latest", usual)
        }
        return (tag, reference ?? (try? usual?.tagged(tag)))
    }

    private static func parse(
        _ name: String, _ failure: (String) -> ImageStoreError
    ) throws(ImageStoreError) -> (tag: String, reference: Reference?) {
        if name.wholeMatch(of: #/[A-Za-z0-9_][A-Za-z0-9._-]{0,127}/#) != nil { return (name, nil) }
        let reference: Reference
        do throws(OCIError) { reference = try Reference(name) } catch {
            throw failure("'\(name)' is neither a tag nor an image's name")
        }
        guard let tag = reference.tag, reference.digest == nil else { throw failure("a digest is no name to choose") }
        return (tag, reference)
    }
}
