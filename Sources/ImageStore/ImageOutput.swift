import ByteText
import OCI
import POSIX
package import SystemPackage

/// Where an image is written to beside the store: `oci:DIR[:TAG]`, `oci-archive:FILE[:TAG]` or `docker-archive:FILE[:TAG]`.
package struct ImageOutput: Sendable, Hashable, CustomStringConvertible {
    /// What is written.
    package enum Form: String, Sendable, CaseIterable {
        /// A folder, which may hold other images too.
        case layout = "oci"
        /// A tar of such a folder, with every platform.
        case ociArchive = "oci-archive"
        /// A tar that `docker load` takes, of one platform.
        case dockerArchive = "docker-archive"
    }

    /// What is written.
    package let form: Form
    /// The folder or file; `-` for standard output.
    package let path: FilePath
    /// What the image is called in it, as typed: a tag alone, or a whole reference.
    package let name: String?

    /// Parses one; as in skopeo the name begins after the first colon of the rest.
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

    /// True where the archive goes to whoever reads our output.
    package var isStandardOutput: Bool { form != .layout && path == "-" }

    /// The form that ``init(_:)`` reads.
    package var description: String { "\(form.rawValue):\(path)" + (name.map { ":\($0)" } ?? "") }

    /// The tag and the whole name of an image in this output, where it is called `image` elsewhere.
    ///
    /// The name is nil where `image` is none that a registry could have.
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
