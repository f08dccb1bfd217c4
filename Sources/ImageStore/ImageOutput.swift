import ByteText
package import OCI
import POSIX
package import SystemPackage
import Wording

/// An output for an image outside the store.
///
/// It is written `oci:DIR[:TAG]`, `oci-archive:FILE[:TAG]` or `docker-archive:FILE[:TAG]`.
package struct ImageOutput: Sendable, Hashable, CustomStringConvertible {
    /// The format, the folder or file (`-` for standard output), and the image's name in it as typed: a tag, or a whole
    /// reference.
    package let location: LayoutLocation

    package var form: LayoutLocation.Form { location.form }
    package var path: FilePath { location.path }
    package var name: String? { location.name }

    /// Parses an output; as in skopeo, the name begins after the first colon behind the prefix.
    package init(_ text: String) throws {
        func failure(_ reason: String) -> Failure { Failure("write to '\(text)'", reason) }
        guard let form = LayoutLocation.Form(prefixOf: text) else {
            throw failure("it is not oci:DIR[:TAG], oci-archive:FILE[:TAG] or docker-archive:FILE[:TAG]")
        }
        guard let location = LayoutLocation(text) else {
            throw failure("it names no \(form == .layout ? "folder" : "file")")
        }
        guard form == .layout || FilePath(ofFile: Self.path(in: text)) != nil else {
            throw failure("it names a folder; name a file in it")
        }
        self.location = location
        guard form != .layout || location.path != "-" else { throw failure("a folder cannot go to standard output") }
        // A colon at the end is a name that was forgotten.
        if let name = location.name ?? (text.hasSuffix(bytes: ":") ? "" : nil) { _ = try Self.parse(name, failure) }
    }

    /// Returns the path as typed: a slash at its end says that it is a folder.
    private static func path(in text: String) -> String {
        text.split(byte: ":", maxSplits: 2, omittingEmptySubsequences: false).dropFirst().first.map(String.init) ?? ""
    }

    /// True if the archive is written to standard output.
    package var isStandardOutput: Bool { form != .layout && path == "-" }

    /// The text from which ``init(_:)`` parses the same output.
    package var description: String { location.description }

    /// Returns the tag and the whole name of an image in this output; `image` is its name elsewhere.
    ///
    /// The reference is nil if `image` is not a valid reference.
    func names(of image: String) -> (tag: String, reference: Reference?) {
        let usual = try? Reference(image)
        guard let name, let (tag, reference) = try? Self.parse(name, { Failure("read \(name)", $0) }) else {
            return (usual?.tag ?? "latest", usual)
        }
        return (tag, reference ?? (try? usual?.tagged(tag)))
    }

    private static func parse(
        _ name: String, _ failure: (String) -> Failure
    ) throws -> (tag: String, reference: Reference?) {
        if name.wholeMatch(of: #/[A-Za-z0-9_][A-Za-z0-9._-]{0,127}/#) != nil { return (name, nil) }
        let reference: Reference
        do { reference = try Reference(name) } catch { throw failure("'\(name)' is neither a tag nor an image's name") }
        guard let tag = reference.tag, reference.digest == nil else { throw failure("a digest is no name to choose") }
        return (tag, reference)
    }
}
