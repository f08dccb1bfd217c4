import Archive
import POSIX
import SystemPackage

extension TransferPlan {
    /// Adds everything to a layer, or to its digest.
    func write<Source: TransferSource, Sink: EntrySink & ~Copyable>(
        _ steps: [TransferStep<Source.Node>], from source: Source, to sink: inout Sink,
        advance: @escaping (Int64) -> Void = { _ in }
    ) throws(ImageBuildError) {
        var entries = PlacedEntries(
            placement, owner: changes.owner ?? .root, modified: modified)
        // As in BuildKit, --chmod is for folders on the way too where it is a number, and not for those above archives.
        if case .octal(let mode) = changes.mode { entries.folderMode = mode & 0o777 }
        var tree = TreeTransfer(source, changes, advance: advance)
        // The last source wins where two bring one path, and the first that is added stays.
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
                // What an archive says of modes counts, and all of it comes along, as in BuildKit.
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
    ) throws(ImageBuildError) {
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

    /// A download is its owner's alone unless --chmod says more, as in docker.
    private func write<Sink: EntrySink & ~Copyable>(
        _ file: FilePath, at path: [UInt8], _ entries: inout PlacedEntries, to sink: inout Sink
    ) throws(ImageBuildError) {
        guard try entries.claim(path, in: &sink) else { return }
        let file = try posix { () throws(POSIXError) in try File(file, .read) }
        let size = try posix { () throws(POSIXError) in try file.status().size }
        let entry = ArchiveEntry(.regular, path: path, mode: 0o600, size: size, modified: modified)
        try sink.add(changes.applied(to: entry, at: path)) { (buffer) throws(ImageBuildError) in
            try posix { () throws(POSIXError) in try file.read(into: buffer) }
        }
    }
}

extension DockerfileBuild {
    /// The layer of a COPY or ADD, made anew or found again by what it would hold; nil where that is nothing.
    func layer<Source: TransferSource>(
        _ plan: TransferPlan, from source: Source, knownBy chain: [String]?
    ) async throws(ImageBuildError) -> BuiltLayer? {
        let (steps, inputs) = try await BlockingThread.run {
            () throws(ImageBuildError) -> ([TransferStep<Source.Node>], [String]) in
            let steps = try plan.steps(from: source)
            if let chain {
                // With its length, so that no two lists of words look alike.
                let words = plan.words.map { "\($0.utf8.count) \($0)" }
                return (steps, ["COPY --from", plan.text, plan.destination, "\(plan.modified)"] + words + chain)
            }
            let digest = EntryDigest()
            var sink = digest
            try plan.write(steps, from: source, to: &sink)
            return (steps, ["COPY", digest.finish()])
        }
        if steps.isEmpty { return nil }
        let cache = builder.factory.cache
        // What comes from other stages depends on their commands, and is worth sharing as they are.
        let known =
            chain == nil
            ? await cache.find(inputs, createdBy: plan.text)
            : await cache.outcome(of: inputs, createdBy: plan.text)?.layer
        if let known { return known }
        let progress = FileProgress(plan.text, builder.factory.report)
        let layer = try await builder.factory.make(createdBy: plan.text) { (writer) throws(ImageBuildError) in
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
