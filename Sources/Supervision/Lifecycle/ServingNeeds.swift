import RunContract

/// The files of a completed run that a machine that only serves restores: all, or those that match patterns.
struct ServingNeeds: Sendable {
    private let patterns: [GlobPattern]?
    private var unmatched: Set<Int> = []

    /// Creates needs from patterns of paths below the data folder; nil means all files.
    init(_ patterns: [GlobPattern]?) {
        self.patterns = patterns
        unmatched = Set((patterns ?? []).indices)
    }

    /// The patterns without a match so far.
    var missing: [String] { unmatched.sorted().compactMap { patterns?[$0].text } }

    /// Returns true if a folder below the data folder may contain needed files.
    func reach(_ folder: RelativePath) -> Bool { patterns?.contains { $0.reaches(folder) } ?? true }

    /// Returns the needed part of an artifact whose folder is below the data folder, nil for the data folder itself.
    mutating func part(of artifact: CompletionRecord.Artifact, in folder: RelativePath?) -> CompletionRecord.Artifact {
        let (files, tree) = part(of: artifact.files, artifact.tree, in: folder)
        return CompletionRecord.Artifact(into: artifact.into, files: files, tree: tree)
    }

    /// Returns the needed part of a stage's outputs.
    mutating func part(of outputs: FolderManifest) -> FolderManifest {
        var needed = outputs
        (needed.files, needed.tree) = part(of: outputs.files, outputs.tree, in: nil)
        return needed
    }

    private mutating func part(
        of files: [FileRecord], _ tree: TreeRecord, in folder: RelativePath?
    ) -> ([FileRecord], TreeRecord) {
        guard let patterns else { return (files, tree) }
        let paths = files.map(\.path) + tree.links.map(\.path) + tree.folders.map(\.path)
        var needed: Set<RelativePath> = []
        for path in paths {
            let whole = folder.map { path.below($0) } ?? path
            for (index, pattern) in patterns.enumerated() where whole.map(pattern.matches) ?? false {
                needed.insert(path)
                unmatched.remove(index)
            }
        }
        addDestinations(of: tree.links, among: paths, to: &needed)
        let above = Set(needed.flatMap(\.foldersAbove))
        return (
            files.filter { needed.contains($0.path) },
            TreeRecord(
                links: tree.links.filter { needed.contains($0.path) },
                folders: tree.folders.filter { needed.contains($0.path) || above.contains($0.path) })
        )
    }

    /// Adds the targets of needed links, and the targets of links in those.
    private func addDestinations(
        of links: [TreeRecord.Link], among paths: [RelativePath], to needed: inout Set<RelativePath>
    ) {
        var left = links
        while let index = left.firstIndex(where: { needed.contains($0.path) }) {
            let destination = left.remove(at: index).destination
            for path in paths
            where destination.isEmpty || path.bytes == destination
                || path.bytes.starts(with: destination + [UInt8(ascii: "/")])
            {
                needed.insert(path)
            }
        }
    }
}

extension RelativePath {
    fileprivate var foldersAbove: [RelativePath] {
        let names = names
        return (1..<max(1, names.count)).compactMap {
            RelativePath(names.prefix($0).joined(separator: [UInt8(ascii: "/")]))
        }
    }
}
