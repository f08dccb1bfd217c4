import Archive
import ImageBuild
import ImageLayers
import POSIX
import SystemPackage

extension TransferPlan {
    /// Adds all entries to a layer or to a digest.
    func write<Source: TransferSource, Sink: EntrySink & ~Copyable>(
        _ steps: [TransferStep<Source.Node>], from source: Source, to sink: inout Sink,
        advance: @escaping (Int64) -> Void = { _ in }
    ) throws {
        var entries = PlacedEntries(
            placement, owner: changes.owner ?? .root, modified: modified)
        // As in BuildKit, an octal --chmod also applies to new parent folders, but not to those of archives.
        if case .octal(let mode) = changes.mode { entries.folderMode = mode & 0o777 }
        var tree = TreeTransfer(source, changes, advance: advance)
        // Because the first entry for a path stays, the sources are added in reverse order, so that the last one wins.
        for step in steps.reversed() {
            switch step {
            case .contents(let folder, let place):
                try tree.copy(contentsOf: folder, into: place, &entries, in: &sink)
            case .file(let node, let place): try tree.copy(node, to: place, &entries, in: &sink)
            case .part(let folder, let place, let others):
                try tree.copy(contentsOf: folder, into: place, without: others, &entries, in: &sink)
            case .bytes(let bytes, let place): try write(bytes, at: place, &entries, to: &sink)
            case .download(let file, let place): try write(file, at: place, &entries, to: &sink)
            case .archive(let file, let folder):
                // As in BuildKit, neither --chmod nor --exclude applies to the entries of an archive.
                let tar = try TarFile(file, TransferChanges(owner: changes.owner))
                let folderMode = entries.folderMode
                entries.folderMode = 0o755
                try tar.write(into: folder, &entries, to: &sink)
                entries.folderMode = folderMode
            }
        }
        try tree.finish(in: &sink)
    }

    private func write<Sink: EntrySink & ~Copyable>(
        _ bytes: [UInt8], at path: [UInt8], _ entries: inout PlacedEntries, to sink: inout Sink
    ) throws {
        guard try entries.claim(path, in: &sink) else { return }
        let entry = ArchiveEntry(
            .regular, path: path, mode: 0o644, size: Int64(bytes.count), modified: modified)
        var rest = bytes[...]
        try sink.add(changes.applied(to: entry, at: path)) { (buffer) in
            let part = rest.prefix(buffer.count)
            buffer.copyBytes(from: part)
            rest = rest.dropFirst(part.count)
            return part.count
        }
    }

    /// Adds a download with mode 0600 unless --chmod is given, as in docker.
    private func write<Sink: EntrySink & ~Copyable>(
        _ file: FilePath, at path: [UInt8], _ entries: inout PlacedEntries, to sink: inout Sink
    ) throws {
        guard try entries.claim(path, in: &sink) else { return }
        let file = try File(file, .read)
        let size = try file.status().size
        let entry = ArchiveEntry(.regular, path: path, mode: 0o600, size: size, modified: modified)
        try sink.add(changes.applied(to: entry, at: path)) { (buffer) in
            try file.read(into: buffer)
        }
    }
}

extension DockerfileBuild {
    /// Returns the layer of a COPY or ADD, either new or from the cache; nil if it would be empty.
    func layer<Source: TransferSource>(
        _ plan: TransferPlan, from source: Source, knownBy chain: [String]?
    ) async throws -> BuiltLayer? {
        let (steps, inputs) = try await BlockingThread.run {
            () throws -> ([TransferStep<Source.Node>], [String]) in
            let steps = try plan.steps(from: source)
            if let chain {
                // Each word has its length in front, so that different lists of words have different keys.
                let words = plan.words.map { "\($0.utf8.count) \($0)" }
                return (steps, ["COPY --from", plan.text, plan.destination, "\(plan.modified)"] + words + chain)
            }
            let digest = EntryDigest()
            var sink = digest
            try plan.write(steps, from: source, to: &sink)
            return (steps, ["COPY", digest.finish()])
        }
        if steps.isEmpty { return nil }
        let cache = builder.layerBuilder.cache
        // Files from other stages depend on commands, so the layer is cached and shared in the same way as that of a
        // RUN.
        let known =
            chain == nil
            ? await cache.find(inputs, createdBy: plan.text)
            : await cache.outcome(of: inputs, createdBy: plan.text)?.layer
        if let known { return known }
        let progress = FileProgress(plan.text, builder.layerBuilder.report)
        let layer = try await builder.layerBuilder.make(createdBy: plan.text) { (writer) in
            try plan.write(steps, from: source, to: &writer, advance: progress.advance)
        }
        if chain == nil {
            try cache.keep(layer, for: inputs)
        } else {
            try cache.keep(LayerCache.Outcome(layer: layer), for: inputs)
        }
        return layer
    }
}
