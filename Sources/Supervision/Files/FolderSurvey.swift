import POSIX
import RunContract
import SystemPackage

/// All that an artifact or the outputs of a stage are: files, links, folders, and what no bucket can hold.
///
/// A link that stays inside is kept as a link. One that leads out is followed: to any file, and to a folder below the data
/// folder.
struct FolderSurvey: Sendable {
    /// In the order of paths.
    private(set) var files: [UploadFile] = []
    private(set) var tree = TreeRecord()
    /// Whatever is there and cannot be brought into the bucket, in words.
    private(set) var problems: [String] = []

    /// What lies below a folder, or the one file that the path leads to.
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

    /// What patterns mean below the data folder; a pattern that means nothing is in `missing`.
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

    var size: Int64 { files.reduce(0) { $0 + $1.snapshot.size } }
    /// True where nothing is there that could be brought back.
    var isEmpty: Bool { files.isEmpty && tree.links.isEmpty }

    /// True where another look found the same.
    func isSame(as other: FolderSurvey) -> Bool {
        files.count == other.files.count && tree.links == other.tree.links && problems == other.problems
            && zip(files, other.files).allSatisfy { $0.name == $1.name && $0.snapshot.isSameContent(as: $1.snapshot) }
    }
}
