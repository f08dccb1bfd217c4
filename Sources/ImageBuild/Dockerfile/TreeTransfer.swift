import Archive
import ImageStore

/// How files change on their way into an image.
struct TransferChanges: Sendable {
    /// Nil to keep the owner that a file comes with.
    var owner: FileAccount?
    var mode: FileModeChange?
    /// What stays out, by its path below each source.
    var excluded: IgnoreRules?

    func applied(to header: ArchiveEntry, at path: [UInt8]) -> ArchiveEntry {
        var entry = header
        entry.path = path
        if let owner {
            entry.user = owner.user
            entry.group = owner.group
        }
        if let mode, entry.kind != .symbolicLink {
            entry.mode = mode.applied(to: entry.mode, isFolder: entry.kind == .directory)
        }
        return entry
    }
}

/// Copies files, links and whole folders from a source to places in a layer.
struct TreeTransfer<Source: TransferSource> {
    let source: Source
    let changes: TransferChanges
    /// Hears how many bytes were read.
    let advance: (Int64) -> Void
    /// Regular files that are read together in the end.
    private var waiting: [Source.Node] = []
    /// Where they go: by themselves, or by the folder that they are in.
    private var places: [[UInt8]: [UInt8]] = [:]
    private var folders: [[UInt8]: [UInt8]] = [:]

    init(_ source: Source, _ changes: TransferChanges, advance: @escaping (Int64) -> Void) {
        self.source = source
        self.changes = changes
        self.advance = advance
    }

    /// Copies a file or a link.
    mutating func copy<Sink: EntrySink & ~Copyable>(
        _ node: Source.Node, to path: [UInt8], _ entries: inout PlacedEntries, in sink: inout Sink
    ) throws(ImageBuildError) {
        if let excluded = changes.excluded, excluded.excludes(Array(node.lastName)) { return }
        places[node.path] = path
        try add(node, at: path, &entries, in: &sink)
    }

    /// Copies what is in a folder into another one.
    mutating func copy<Sink: EntrySink & ~Copyable>(
        contentsOf folder: Source.Node, into path: [UInt8], _ entries: inout PlacedEntries, in sink: inout Sink
    ) throws(ImageBuildError) {
        try entries.open(path, in: &sink)
        let verdicts = Verdicts(
            source: source.rules.map { rules in Verdicts.verdict(rules, folder.path) }, excluded: changes.excluded?.root
        )
        try copy(contentsOf: folder, below: [], verdicts, into: path, &entries, in: &sink)
    }

    /// What both sets of rules said of a folder.
    private struct Verdicts {
        var source: IgnoreRules.FolderVerdict?
        var excluded: IgnoreRules.FolderVerdict?

        static func verdict(_ rules: IgnoreRules, _ path: [UInt8]) -> IgnoreRules.FolderVerdict {
            var verdict = rules.root
            for end in path.indices where path[end] == ContainerPath.slash {
                verdict = rules.verdict(onFolder: Array(path[..<end]), in: verdict)
            }
            return path.isEmpty ? verdict : rules.verdict(onFolder: path, in: verdict)
        }
    }

    private mutating func copy<Sink: EntrySink & ~Copyable>(
        contentsOf folder: Source.Node, below relative: [UInt8], _ verdicts: Verdicts, into path: [UInt8],
        _ entries: inout PlacedEntries, in sink: inout Sink
    ) throws(ImageBuildError) {
        folders[folder.path] = path
        for child in try source.children(of: folder) {
            guard let header = child.header else { continue }
            let name = ContainerPath.appending(child.lastName, to: relative)
            let target = ContainerPath.appending(child.lastName, to: path)
            guard header.kind == .directory else {
                if !isOut(child.path, name, verdicts) { try add(child, at: target, &entries, in: &sink) }
                continue
            }
            let inner = Verdicts(
                source: verdicts.source.flatMap { source.rules?.verdict(onFolder: child.path, in: $0) },
                excluded: verdicts.excluded.flatMap { changes.excluded?.verdict(onFolder: name, in: $0) })
            let isOut = inner.source?.isExcluded == true || inner.excluded?.isExcluded == true
            if isOut && !mayIncludeBelow(child.path, name, inner) { continue }
            let place = try entries.placement.folder(target)
            // A folder that a link of the image leads to stays as it is; one that stays out is made if it is needed.
            if !isOut && place == target {
                try entries.add(folder: changes.applied(to: header, at: place), to: &sink)
            }
            try copy(contentsOf: child, below: name, inner, into: place, &entries, in: &sink)
        }
        if !source.isReadAsMet { return }
        folders[folder.path] = nil
    }

    private func isOut(_ path: [UInt8], _ name: [UInt8], _ verdicts: Verdicts) -> Bool {
        if let verdict = verdicts.source, source.rules?.excludes(path, in: verdict) == true { return true }
        guard let verdict = verdicts.excluded else { return false }
        return changes.excluded?.excludes(name, in: verdict) == true
    }

    private func mayIncludeBelow(_ path: [UInt8], _ name: [UInt8], _ verdicts: Verdicts) -> Bool {
        (verdicts.source?.isExcluded != true || source.rules?.mayIncludeBelow(path) == true)
            && (verdicts.excluded?.isExcluded != true || changes.excluded?.mayIncludeBelow(name) == true)
    }

    private mutating func add<Sink: EntrySink & ~Copyable>(
        _ node: Source.Node, at path: [UInt8], _ entries: inout PlacedEntries, in sink: inout Sink
    ) throws(ImageBuildError) {
        guard let header = node.header, try entries.claim(path, in: &sink) else { return }
        guard header.kind == .regular else { return try sink.add(changes.applied(to: header, at: path)) }
        waiting.append(node)
        if source.isReadAsMet { try finish(in: &sink) }
    }

    /// Writes the regular files that wait; names of one file stay names of one file.
    mutating func finish<Sink: EntrySink & ~Copyable>(in sink: inout Sink) throws(ImageBuildError) {
        var first: [ImageFile.Identity: Source.Node] = [:]
        var links: [(Source.Node, to: Source.Node)] = []
        for node in waiting {
            guard let identity = node.identity else { continue }
            if let other = first[identity] { links.append((node, other)) } else { first[identity] = node }
        }
        let transfer = self
        try source.read(waiting) { (node, read) throws(ImageBuildError) in
            guard let header = node.header else { return }
            try sink.add(transfer.changes.applied(to: header, at: transfer.place(of: node))) {
                (buffer) throws(ImageBuildError) in
                let count = try read(buffer)
                transfer.advance(Int64(count))
                return count
            }
        }
        for (node, other) in links {
            guard let header = node.header else { continue }
            var entry = changes.applied(to: header, at: place(of: node))
            entry.kind = .hardLink
            entry.target = place(of: other)
            entry.size = 0
            entry.extendedAttributes = [:]
            try sink.add(entry)
        }
        waiting = []
        if source.isReadAsMet { places = [:] }
    }

    private func place(of node: Source.Node) -> [UInt8] {
        let path = node.path
        if let place = places[path] { return place }
        return ContainerPath.appending(node.lastName, to: folders[ContainerPath.parent(of: path)] ?? [])
    }
}
