import JSON
import OCI
import POSIX
import SystemPackage
import Wording

/// The files of an OCI layout.
///
/// Source: <https://github.com/opencontainers/image-spec/blob/main/image-layout.md>.
struct Layout: Sendable {
    static let referenceName = "org.opencontainers.image.ref.name"
    static let containerdName = "io.containerd.image.name"

    let folder: FilePath
    private var marker: FilePath { folder.appending("oci-layout") }
    private var index: FilePath { folder.appending("index.json") }
    var blobs: FilePath { folder.appending("blobs").appending("sha256") }

    private static let version = Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8)

    func path(of digest: Digest) -> FilePath { blobs.appending(digest.hexadecimal) }

    func contains(_ descriptor: Descriptor) -> Bool {
        guard let status = try? FileStatus(path(of: descriptor.digest)) else { return false }
        return status.kind == .regular && status.size == descriptor.size
    }

    /// Creates the missing files; `oci-layout` comes last, since it marks the folder as a layout.
    func make() throws {
        AbandonedFiles.removeReplacements(in: folder)
        if FileSystem.exists(marker) && FileSystem.exists(index) && FileSystem.exists(blobs) { return }
        try FileSystem.makeFolder(blobs, mode: 0o777)
        if !FileSystem.exists(index) { try makeIndex() }
        if !FileSystem.exists(marker) { try FileSystem.write(Self.version, to: marker) }
    }

    /// Creates an empty index, unless another process did so first, whose entries must not be lost.
    private func makeIndex() throws {
        let temporary = FileSystem.temporaryPath(beside: index)
        try FileSystem.write(ImageIndex(manifests: []).json.encoded(), to: temporary)
        defer { try? FileSystem.remove(temporary) }
        do throws(POSIXError) {
            if try !FileSystem.link(temporary, as: index) { try FileSystem.rename(temporary, to: index) }
        } catch {
            guard error.errno == .fileExists else { throw error }
        }
    }

    func tags() throws -> [(name: String, descriptor: Descriptor)] {
        let document = try readIndex()
        return try attempt("read \(index)") {
            var tags: [(String, Descriptor)] = []
            for element in try document.list("manifests") {
                let descriptor = try Descriptor(json: element)
                let name =
                    descriptor.annotations[Self.containerdName] ?? descriptor.annotations[Self.referenceName] ?? ""
                tags.append((name, descriptor))
            }
            return tags
        }
    }

    /// The property that is unique among the entries of a layout.
    enum Key { case name, tag }

    /// Adds an entry, and removes the one with the same key; all other entries stay unchanged.
    ///
    /// `name` is a whole reference, for containerd. Other tools identify an image by its tag only, as in the
    /// specification's examples.
    func tag(_ descriptor: Descriptor, as name: String?, tag: String, unique key: Key) throws {
        let entry = Self.named(descriptor, name, tag).json
        try change { entries in
            entries = entries.filter { Self.value(of: key, in: $0) != Self.value(of: key, in: entry) } + [entry]
        }
    }

    /// Removes the entry with a name; returns false if there is none.
    func untag(_ name: String) throws -> Bool {
        var isFound = false
        try change { entries in
            let others = entries.filter { Self.value(of: .name, in: $0) != name }
            isFound = others.count < entries.count
            entries = others
        }
        return isFound
    }

    private func change(_ body: (inout [JSONValue]) -> Void) throws {
        // The kernel releases the lock when the process that holds it ends.
        let lock = try File(marker, .read)
        _ = try lock.lock(wait: true)
        var document = try readIndex()
        var entries = document["manifests"]?.array ?? []
        body(&entries)
        document["manifests"] = .array(entries)
        let content = document.encoded()
        try FileSystem.write(content, to: index)
    }

    private static func value(of key: Key, in entry: JSONValue) -> String? {
        let tag = entry["annotations"]?[referenceName]?.string
        return key == .tag ? tag : entry["annotations"]?[containerdName]?.string ?? tag
    }

    private static func named(_ descriptor: Descriptor, _ name: String?, _ tag: String) -> Descriptor {
        var descriptor = descriptor
        descriptor.annotations[containerdName] = name
        descriptor.annotations[referenceName] = tag
        return descriptor
    }

    /// Returns the files of a layout with one image, except its blobs.
    static func documents(for image: Descriptor, as name: String?, tag: String) -> [(name: String, content: [UInt8])] {
        let index = ImageIndex(manifests: [named(image, name, tag)])
        return [("oci-layout", version), ("index.json", index.json.encoded())]
    }

    /// Returns the path of a blob in an archive of a layout.
    static func path(inArchive digest: Digest) -> String { "blobs/sha256/\(digest.hexadecimal)" }

    private func readIndex() throws -> JSONValue {
        let content = try FileSystem.read(index)
        do throws(JSONError) { return try JSONValue(parsing: content) } catch {
            throw Failure("read \(index)", error.reason)
        }
    }

    /// Returns the tag for an image's entry: only the reference's tag, as in the specification's examples.
    static func tag(of name: String) -> String { (try? Reference(name))?.tag ?? "latest" }
}
