import POSIX
import RunContract
import SystemPackage
import Wording

/// The contents of an artifact or of a stage's outputs: files, links, folders, and what a bucket cannot store.
///
/// A link that stays inside is kept as a link. A link that leads out is followed to any file, and to a folder below the
/// data folder.
struct FolderSurvey: Sendable {
    /// Sorted by path.
    private(set) var files: [UploadFile] = []
    private(set) var tree = TreeRecord()
    /// Descriptions of everything found that cannot be uploaded.
    private(set) var problems: [String] = []

    /// Surveys a folder, or the one file at the path.
    init(artifact path: FilePath, data: FilePath) throws(POSIXError) {
        let status = try FileStatus(path, followingLinks: true)
        if status.kind == .regular {
            if let name = path.lastComponent.flatMap({ RelativePath($0.bytes) }) {
                files = [UploadFile(name: name, path: path, status: status)]
            }
            return
        }
        guard status.kind == .directory else {
            problems = ["\(path) is neither a file nor a folder"]
            return
        }
        var collection = try FolderCollection(root: path, data: data)
        try collection.add(path, below: []) { _ in true }
        take(try collection.finish())
    }

    /// Surveys the matches of patterns below the data folder; patterns without a match are added to `missing`.
    init(
        outputs patterns: [GlobPattern], data: FilePath, missing: inout [GlobPattern]
    ) throws(POSIXError) {
        var collection = try FolderCollection(root: data, data: data)
        for pattern in patterns {
            let before = collection.count
            try collection.add(pattern)
            if collection.count == before, !collection.has(pattern) { missing.append(pattern) }
        }
        take(try collection.finish())
    }

    private mutating func take(_ found: (files: [UploadFile], tree: TreeRecord, problems: [String])) {
        (files, tree, problems) = found
    }

    /// Returns what an artifact must have and does not, nil where it has everything.
    func lack(of artifact: Program.Artifact) -> String? {
        for text in artifact.files {
            let pattern = GlobPattern(text)
            guard files.contains(where: { pattern.matches($0.name) }) else { return "no file of it is '\(text)'" }
        }
        guard size >= artifact.least else {
            return "it has \(ByteCount(size)), and at least \(ByteCount(artifact.least)) are expected"
        }
        return nil
    }

    var size: Int64 { files.reduce(0) { $0 + $1.snapshot.size } }
    /// True if there is nothing that could be restored.
    var isEmpty: Bool { files.isEmpty && tree.links.isEmpty }

    /// Returns true if another survey found the same files, links and problems.
    func isSame(as other: FolderSurvey) -> Bool {
        files.count == other.files.count && tree.links == other.tree.links && problems == other.problems
            && zip(files, other.files).allSatisfy { $0.name == $1.name && $0.snapshot.isSameContent(as: $1.snapshot) }
    }
}
