import Archive
import ImageLayers
import ImageStore

/// The changes that COPY or ADD makes to files.
struct TransferChanges: Sendable {
    /// The new owner; nil to keep the owner from the source.
    var owner: FileAccount?
    var mode: FileModeChange?
    /// The rules of `--exclude`, which apply to the path below each source.
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
    /// Receives the number of bytes that were read.
    let advance: (Int64) -> Void
    /// Regular files that are read together at the end.
    private var waiting: [Placed] = []
    /// The target folders that ``Placed`` refers to by index.
    private var folders: [[UInt8]] = []
    /// The number of copied files and folders: hard links are kept within one copy, as in BuildKit.
    private var copies = 0
    /// For files with several names, the place of the first name in this copy; only if files are read during the walk.
    private var met: [Source.Node.Identity: [UInt8]] = [:]
    /// Parent folders that get an entry only when a file in them is added.
    private var pending: [ArchiveEntry] = []

    /// One place of a file, which can be copied to several places.
    private struct Placed {
        let node: Source.Node
        let copy: Int
        let folder: Int
        /// The file's name at this place; nil for its own name.
        let name: ArraySlice<UInt8>?
    }

    /// A file in one copy, in which all its names become hard links to one file.
    private struct CopiedFile: Hashable {
        let identity: Source.Node.Identity
        let copy: Int
    }

    init(_ source: Source, _ changes: TransferChanges, advance: @escaping (Int64) -> Void) {
        self.source = source
        self.changes = changes
        self.advance = advance
    }

    /// Copies a file or a link.
    mutating func copy<Sink: EntrySink & ~Copyable>(
        _ node: Source.Node, to path: [UInt8], _ entries: inout PlacedEntries, in sink: inout Sink
    ) throws {
        if let excluded = changes.excluded, excluded.excludes(Array(node.lastName)) { return }
        begin(ContainerPath.parent(of: path))
        try add(node, to: folders.count - 1, as: ContainerPath.lastName(of: path), &entries, in: &sink)
    }

    private mutating func begin(_ folder: [UInt8]) {
        copies += 1
        met = [:]
        if folders.last != folder { folders.append(folder) }
    }

    /// Copies the content of a folder into another one, except what `others` excludes.
    mutating func copy<Sink: EntrySink & ~Copyable>(
        contentsOf folder: Source.Node, into path: [UInt8], without others: IgnoreRules? = nil,
        _ entries: inout PlacedEntries, in sink: inout Sink
    ) throws {
        try entries.open(path, in: &sink)
        let verdicts = TransferVerdicts(
            source: source.rules, at: folder.path, below: [changes.excluded, others].compactMap { $0 })
        begin(path)
        try copy(contentsOf: folder, below: [], verdicts, into: path, &entries, in: &sink)
    }

    private mutating func copy<Sink: EntrySink & ~Copyable>(
        contentsOf folder: Source.Node, below relative: [UInt8], _ verdicts: TransferVerdicts, into path: [UInt8],
        _ entries: inout PlacedEntries, in sink: inout Sink
    ) throws {
        if folders.last != path { folders.append(path) }
        let number = folders.count - 1
        for child in try source.children(of: folder) {
            guard let header = child.header else { continue }
            let name = ContainerPath.appending(child.lastName, to: relative)
            let target = ContainerPath.appending(child.lastName, to: path)
            guard header.kind == .directory else {
                if !verdicts.keepOut(child.path, below: name) {
                    try add(child, to: number, as: nil, &entries, in: &sink)
                }
                continue
            }
            let inner = verdicts.inside(child.path, below: name)
            if inner.isOut && !inner.mayIncludeBelow(child.path, below: name) { continue }
            let place = try entries.placement.folder(target)
            // A folder that is reached through a symbolic link of the image keeps its attributes.
            if place == target {
                pending.append(changes.applied(to: header, at: place))
                if !inner.isOut { try addPending(&entries, in: &sink) }
            }
            try copy(contentsOf: child, below: name, inner, into: place, &entries, in: &sink)
            if pending.last?.path == place { pending.removeLast() }
        }
    }

    private mutating func addPending<Sink: EntrySink & ~Copyable>(
        _ entries: inout PlacedEntries, in sink: inout Sink
    ) throws {
        for folder in pending { try entries.add(folder: folder, to: &sink) }
        pending = []
    }

    private mutating func add<Sink: EntrySink & ~Copyable>(
        _ node: Source.Node, to folder: Int, as name: ArraySlice<UInt8>?, _ entries: inout PlacedEntries,
        in sink: inout Sink
    ) throws {
        guard let header = node.header else { return }
        let placed = Placed(node: node, copy: copies, folder: folder, name: name)
        let path = place(of: placed)
        try addPending(&entries, in: &sink)
        guard try entries.claim(path, in: &sink) else { return }
        let entry = changes.applied(to: header, at: path)
        guard header.kind == .regular else { return try sink.add(entry) }
        guard source.isReadAsMet else { return waiting.append(placed) }
        if let identity = node.identity {
            if let target = met[identity] { return try link(entry, to: target, in: &sink) }
            met[identity] = path
        }
        let transfer = self
        try source.read([node]) { (_, read) in try transfer.write(entry, read, to: &sink) }
    }

    /// Writes the waiting regular files; those of one layer are read in one pass.
    ///
    /// A file that is copied to several places is read once for each place. Within one copy, its names stay hard links.
    mutating func finish<Sink: EntrySink & ~Copyable>(in sink: inout Sink) throws {
        var first: [CopiedFile: Int] = [:]
        var passes: [[Source.Node.Identity: Int]] = []
        var links: [(Placed, to: Int)] = []
        var rounds: [Source.Node.Identity: Int] = [:]
        for (number, placed) in waiting.enumerated() {
            guard let identity = placed.node.identity else { continue }
            let name = CopiedFile(identity: identity, copy: placed.copy)
            if let other = first[name] {
                links.append((placed, other))
                continue
            }
            first[name] = number
            let round = rounds[identity, default: 0]
            rounds[identity] = round + 1
            if round == passes.count { passes.append([:]) }
            passes[round][identity] = number
        }
        let transfer = self
        for pass in passes {
            let nodes = pass.values.sorted().map { transfer.waiting[$0].node }
            try source.read(nodes) { (node, read) in
                guard let number = node.identity.flatMap({ pass[$0] }),
                    let entry = transfer.entry(of: transfer.waiting[number])
                else { return }
                try transfer.write(entry, read, to: &sink)
            }
        }
        for (placed, number) in links {
            guard let entry = entry(of: placed) else { continue }
            try link(entry, to: place(of: waiting[number]), in: &sink)
        }
        waiting = []
    }

    private func entry(of placed: Placed) -> ArchiveEntry? {
        placed.node.header.map { changes.applied(to: $0, at: place(of: placed)) }
    }

    private func write<Sink: EntrySink & ~Copyable>(
        _ entry: ArchiveEntry, _ read: ContentReader, to sink: inout Sink
    ) throws {
        try sink.add(entry) { (buffer) in
            let count = try read(buffer)
            advance(Int64(count))
            return count
        }
    }

    private func link<Sink: EntrySink & ~Copyable>(
        _ entry: ArchiveEntry, to target: [UInt8], in sink: inout Sink
    ) throws {
        var entry = entry
        entry.kind = .hardLink
        entry.target = target
        entry.size = 0
        entry.extendedAttributes = [:]
        try sink.add(entry)
    }

    private func place(of placed: Placed) -> [UInt8] {
        ContainerPath.appending(placed.name ?? placed.node.lastName, to: folders[placed.folder])
    }
}
