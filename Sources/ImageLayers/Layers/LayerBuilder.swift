package import Archive
import HTTP
package import ImageStore
import OCI
import POSIX
package import SystemPackage
import Timestamps

/// Makes layers and puts them into the store.
package struct LayerBuilder: Sendable {
    package let store: ImageStore
    package var cache: LayerCache
    /// The folder for temporary files, such as unfinished archives of other programs.
    package let temporary: FilePath
    package let threads: Int
    /// The compression of layers; its number of threads has no effect here.
    package let compression: LayerCompression
    /// Whether FIFOs and device nodes among the user's files are included.
    let isPrivileged: Bool
    /// The `files` layers below the layer that is made next.
    var earlierFiles: [FileSource] = []
    /// The locked inputs, and the inputs that this build found.
    package let locked: LockedInputs
    /// Receives the layers in addition to the store.
    let outlet: (any LayerOutlet)?
    /// The place in image.yaml of the layer that is made next.
    var place = ""
    package var report: @Sendable (BuildEvent) -> Void

    /// Creates a builder whose number of threads comes from `threads`, not from `compression`.
    package init(
        store: ImageStore, cache: LayerCache, temporary: FilePath, threads: Int,
        compression: LayerCompression = .gzip(threads: 1), isPrivileged: Bool = false,
        locked: LockedInputs = LockedInputs(), outlet: (any LayerOutlet)? = nil,
        report: @escaping @Sendable (BuildEvent) -> Void
    ) {
        self.store = store
        self.cache = cache
        self.temporary = temporary
        self.threads = threads
        self.compression = compression
        self.isPrivileged = isPrivileged
        self.locked = locked
        self.outlet = outlet
        self.report = report
    }

    /// Returns the entries of a folder and of the folders above it, as the layers below have them.
    func parents(to path: String, onBase: Bool, modified: Int64) throws -> [ArchiveEntry] {
        var parents: [ArchiveEntry] = []
        for entry in ParentFolders.entries(to: path, includingItself: true, onBase: onBase, modified: modified) {
            parents.append(try earlierFiles.entry(ofFolder: entry.path) ?? entry)
        }
        return parents
    }

    /// Writes a layer on a thread of its own; a failure leaves nothing in the store.
    package func make(
        createdBy: String, threads: Int? = nil,
        _ body: @escaping @Sendable (inout LayerWriter) throws -> Void
    ) async throws -> BuiltLayer {
        try await BlockingThread.run {
            let blob = try store.makeTemporaryBlob()
            let outgoing = OutgoingLayer(outlet, try? GrowingFile(blob.path))
            do {
                let written = try write(to: blob, threads: threads ?? self.threads, outgoing, body)
                let descriptor = Descriptor(
                    mediaType: compression.mediaType, digest: Digest(sha256: written.digest), size: written.size)
                try blob.keep(as: descriptor.digest)
                outgoing.keep(descriptor)
                return BuiltLayer(
                    descriptor: descriptor, diffID: Digest(sha256: written.diffID), createdBy: createdBy)
            } catch {
                outgoing.abandon()
                throw error
            }
        }
    }

    private func write(
        to blob: borrowing TemporaryBlob, threads: Int, _ outgoing: OutgoingLayer,
        _ body: (inout LayerWriter) throws -> Void
    ) throws -> WrittenLayer {
        let file = try blob.open()
        var writer = try LayerWriter(writingTo: file, compression: compression.with(threads: threads)) {
            outgoing.grow(to: $0)
        }
        try body(&writer)
        let written = try writer.finish()
        outgoing.end()
        return written
    }

    /// Writes a layer from another program's tar; `change` modifies an entry, or drops it by returning nil.
    func make(
        createdBy: String, from tar: FilePath, parents: [ArchiveEntry] = [],
        _ change: @escaping @Sendable (ArchiveEntry) -> ArchiveEntry?
    ) async throws -> BuiltLayer {
        let report = report
        return try await make(createdBy: createdBy) { (writer) in
            for entry in parents { try writer.append(entry) }
            var reader = try LayerReader(at: tar)
            var done: Int64 = 0
            while let original = try reader.next() {
                guard let entry = change(original) else { continue }
                guard entry.kind == .regular, entry.size > 0 else {
                    try writer.append(entry)
                    continue
                }
                try writer.append(entry) { (buffer) in
                    try reader.read(into: buffer)
                }
                done += entry.size
                report(.progress(step: createdBy, bytes: done))
            }
        }
    }

    /// Runs `body` with a folder that is removed afterwards.
    package func withTemporaryFolder<Value>(_ body: (FilePath) async throws -> Value) async throws -> Value {
        try FileSystem.makeFolder(temporary)
        removeAbandonedFolders()
        let folder = try FileSystem.makeTemporaryFolder(in: temporary, prefix: "build-")
        defer { try? FileSystem.removeTree(folder) }
        let mark = try File(folder, .read)
        _ = try mark.lock(wait: true)
        return try await body(folder)
    }

    /// Removes the folders of killed builds, which no process has locked.
    ///
    /// Younger folders are kept, because they may be about to be locked.
    private func removeAbandonedFolders() {
        guard let names = try? FileSystem.names(in: temporary) else { return }
        let limit = Int64(Timestamp.now().seconds - 600) * 1_000_000_000
        for path in names.map({ temporary.appending($0) }) {
            guard let folder = try? File(readingNoFollow: path), let status = try? folder.status(),
                status.modified < limit, (try? folder.lock(wait: false)) == true
            else { continue }
            try? FileSystem.removeTree(path)
        }
    }
}

extension LayerCompression {
    /// The media type of layers with this compression.
    var mediaType: MediaType {
        switch self {
        case .none: .layer
        case .gzip, .gzipPortable: .layerGzip
        case .zstd: .layerZstd
        }
    }
}
