import JSON
package import OCI
import POSIX
import SystemPackage
import Wording

extension ImageStore {
    /// Writes an image, or all images of an index, to an output; all their layers must be in the store.
    ///
    /// `name` is the image's name unless the output has its own. `progress` receives the number of bytes copied since
    /// the last call, for archives only: a folder usually takes hard links to the store's blobs, which copies nothing.
    package func export(
        _ image: Descriptor, to output: ImageOutput, name: String, progress: (Int64) -> Void = { _ in }
    ) throws {
        let content = try content(of: image)
        if let missing = content.first(where: { !contains($0) }) {
            throw Failure("write \(output)", "layer \(missing.digest) is not in the store")
        }
        switch output.form {
        case .layout: try export(image, content, toFolderOf: output, name: name)
        case .ociArchive, .dockerArchive: try archive(image, to: output, name: name, progress: progress)
        }
    }

    /// Returns all blobs of an image, each once; a manifest comes after the blobs that it lists, and the image itself
    /// last.
    ///
    /// The manifests and configs must be in the store; the layers need not be.
    package func content(of image: Descriptor) throws -> [Descriptor] {
        var content: [Descriptor] = []
        var walk = ManifestWalk<any Error> { (_, reason) in Failure("read image \(image.digest)", reason) }
        try walk.visit(image) { (document) in
            try lists(of: document)
        } leave: { document, blobs in
            content += blobs + [document]
        }
        var seen: Set<Digest> = []
        return content.filter { seen.insert($0.digest).inserted }
    }

    /// Returns the blobs of a manifest, or the manifests of an index.
    private func lists(of image: Descriptor) throws -> (node: [Descriptor], children: [Descriptor]) {
        guard image.mediaType.isIndex || image.mediaType.isImageManifest else { return ([], []) }
        let document = try document(image)
        let thing = "image \(image.digest)"
        guard !image.mediaType.isIndex else {
            return ([], try attempt("read \(thing)") { try ImageIndex(json: document).manifests })
        }
        let manifest = try attempt("read \(thing)") { try ImageManifest(json: document) }
        return (manifest.layers + [manifest.config], [])
    }

    /// Adds blobs as hard links to the store's files, otherwise as reflinks, otherwise as verified copies.
    private func export(
        _ image: Descriptor, _ content: [Descriptor], toFolderOf output: ImageOutput, name: String
    ) throws {
        let layout = Layout(folder: output.path)
        try layout.make()
        for blob in content where !layout.contains(blob) { try link(blob, to: layout) }
        let names = output.names(of: name)
        try layout.tag(image, as: names.reference?.description, tag: names.tag, unique: .tag)
    }

    private func link(_ blob: Descriptor, to layout: Layout) throws {
        let from = path(of: blob.digest)
        let to = layout.path(of: blob.digest)
        // A file with the blob's name but another size is not that blob.
        try FileSystem.remove(to)
        do throws(POSIXError) { if try FileSystem.link(from, as: to) { return } } catch {
            // Another process created it first.
            if error.errno == .fileExists { return }
            throw error
        }
        // Not in the blobs folder: other tools parse every name there as a digest, also one that a killed process left.
        let temporary = FileSystem.temporaryPath(beside: layout.folder.appending("blob"))
        do {
            try copy(blob, from, to: temporary)
            try FileSystem.rename(temporary, to: to)
        } catch {
            try? FileSystem.remove(temporary)
            throw error
        }
    }

    private func copy(_ blob: Descriptor, _ from: FilePath, to: FilePath) throws {
        let source = try File(from, .read)
        let copy = try File(to, .create(mode: 0o666))
        // The lock shows that the writer is alive; without it the file counts as abandoned.
        _ = try copy.lock(wait: true)
        if copy.reflink(from: source) { return }
        try BlobCopy.copy(source, to: copy, expecting: blob)
    }
}
