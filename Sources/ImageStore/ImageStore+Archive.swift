import Archive
import Hashing
import JSON
import OCI
import POSIX
import SystemPackage
import Wording

/// Archives of images.
///
/// One tar is both an OCI layout and the format of `docker load`, as docker itself saves images.
///
/// Source: <https://github.com/moby/docker-image-spec/blob/main/spec.md#combined-image-json--filesystem-changeset-format>.
extension ImageStore {
    func archive(_ image: Descriptor, to output: ImageOutput, name: String, progress: (Int64) -> Void) throws {
        let archive = try ImageArchive(image, for: output, name: name, in: self)
        if output.isStandardOutput {
            let file = try StandardOutput.file()
            return try archive.write(to: file, progress: progress)
        }
        let there = try FileSystem.status(behind: output.path)
        // Written in place: a FIFO or a device must not be replaced.
        if let there, there.kind != .regular && there.kind != .directory {
            let file = try File(output.path, .replace(mode: 0o666))
            return try archive.write(to: file, progress: progress)
        }
        let place = try FileSystem.followed(output.path)
        AbandonedFiles.remove(replacementsOf: place)
        let temporary = FileSystem.temporaryPath(beside: place)
        do {
            let file = try File(temporary, .create(mode: 0o666))
            // The lock shows that the writer is alive; without it the file counts as abandoned.
            let lock = try File(temporary, .read)
            _ = try lock.lock(wait: true)
            try archive.write(to: file, as: output.path, progress: progress)
            // Keep the owner of the replaced file, as far as permissions allow.
            if let there { try? lock.takeOver(from: place, there, mode: there.mode) }
            try FileSystem.rename(temporary, to: place)
        } catch {
            try? FileSystem.remove(temporary)
            throw error
        }
    }
}

/// The content of an image's tar.
struct ImageArchive {
    private let store: ImageStore
    private let documents: [(name: String, content: [UInt8])]
    private let blobs: [Descriptor]

    init(_ image: Descriptor, for output: ImageOutput, name: String, in store: ImageStore) throws {
        self.store = store
        let names = output.names(of: name)
        // docker loads an image of one platform, and would choose from an index by its own rules.
        let single = output.form == .dockerArchive || !image.mediaType.isIndex
        let chosen = try Self.imageForDocker(image, for: output, isNeeded: single, in: store)
        let top = single ? chosen?.descriptor ?? image : image
        blobs = try store.content(of: top)
        var documents = Layout.documents(for: top, as: names.reference?.description, tag: names.tag)
        if let chosen {
            if output.form == .dockerArchive { try Self.requireLoadable(chosen, output) }
            let tags = names.reference.map { [JSONValue.string($0.familiar)] } ?? []
            let entry: JSONValue = [
                "Config": .string(Layout.path(inArchive: chosen.manifest.config.digest)), "RepoTags": .array(tags),
                "Layers": .array(chosen.manifest.layers.map { .string(Layout.path(inArchive: $0.digest)) }),
            ]
            documents.append(("manifest.json", JSONValue.array([entry]).encoded()))
        }
        self.documents = documents
    }

    /// Returns the image itself, or of several platforms the one of this machine.
    private static func imageForDocker(
        _ image: Descriptor, for output: ImageOutput, isNeeded: Bool, in store: ImageStore
    ) throws -> StoredImage? {
        do { return try store.image(image) } catch {
            guard isNeeded else { return nil }
            guard image.mediaType.isIndex else { throw error }
            throw Failure(
                "write \(output)",
                "it takes an image of one platform, and this one has several, none of them \(Platform.current); "
                    + "choose one with --platform")
        }
    }

    /// Throws if a layer is compressed by zstd.
    ///
    /// docker supports zstd only since version 23; podman and skopeo support it too.
    private static func requireLoadable(_ image: StoredImage, _ output: ImageOutput) throws {
        guard let layer = image.manifest.layers.first(where: { $0.mediaType == .layerZstd }) else { return }
        throw Failure(
            "write \(output)",
            "layer \(layer.digest.short) is compressed by zstd, which docker loads only since version 23; "
                + "build with --compression gzip, or write an oci-archive, which newer ones load too")
    }

    /// Writes the tar.
    ///
    /// Small files come first, so that a reader of a pipe learns what follows. Nothing in it depends on the machine or
    /// the time.
    func write(to file: consuming File, as path: FilePath? = nil, progress: (Int64) -> Void) throws {
        var writer = try TarWriter(writingTo: file, as: path)
        for document in documents {
            try writer.append(Self.entry(.regular, document.name, 0o644), content: document.content)
        }
        for folder in ["blobs", "blobs/sha256"] { try writer.append(Self.entry(.directory, folder, 0o755)) }
        for blob in blobs { try append(blob, to: &writer, progress: progress) }
        try writer.finish()
    }

    /// Appends a blob and verifies it on the way: what leaves the store must match its digest.
    private func append(_ blob: Descriptor, to writer: inout TarWriter, progress: (Int64) -> Void) throws {
        var entry = Self.entry(.regular, Layout.path(inArchive: blob.digest), 0o644)
        entry.size = blob.size
        let source = try File(store.path(of: blob.digest), .read)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { buffer.deallocate() }
        var hash = SHA256()
        try writer.begin(entry)
        while true {
            let count = try source.read(into: buffer)
            if count == 0 { break }
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            hash.update(bytes)
            try writer.write(bytes, of: entry)
            progress(Int64(count))
        }
        guard Digest(sha256: hash.finish()) == blob.digest else {
            throw Failure(
                "copy blob \(blob.digest)", "its content in \(store.folder) is damaged; remove \(source.path)")
        }
        try writer.end(entry)
    }

    private static func entry(_ kind: ArchiveEntry.Kind, _ name: String, _ mode: UInt32) -> ArchiveEntry {
        ArchiveEntry(kind, path: Array(name.utf8), mode: mode)
    }
}
