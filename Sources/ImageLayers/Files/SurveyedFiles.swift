import Archive
import POSIX

/// The result of a survey: an index of the files, and their division into layers.
struct SurveyedFiles: Sendable {
    /// A folder whose children are in several layers; each of these layers contains the folder's own entry.
    struct DividedFolder: Sendable {
        /// The path relative to the surveyed folder, whose own path is empty.
        let path: [UInt8]
        let status: FileStatus

        /// The depth of the folder's own record.
        var depth: Int { path.isEmpty ? 0 : 1 + path.count { $0 == UInt8(ascii: "/") } }
    }

    /// Consecutive records in one layer: children of one folder, with everything below them.
    struct Run: Sendable {
        /// The index of the folder in ``folders``.
        let folder: Int
        var range: Range<Int64>
    }

    /// The part of the files that a layer contains.
    enum Part: Sendable, Equatable {
        case everything
        /// Some children of a folder.
        case some(of: [UInt8], number: Int, count: Int)
        /// One child of a folder, with everything below it.
        case one(of: [UInt8])
        /// Only the divided folders, with their own times.
        case folders
    }

    /// A layer to make.
    struct Layer: Sendable {
        let part: Part
        let runs: [Run]
    }

    /// The entries of the folders above the layer's files.
    let parents: [ArchiveEntry]
    let index: SurveyIndex
    /// The divided folders; the surveyed folder is the last one.
    let folders: [DividedFolder]
    let layers: [Layer]
    /// Whether the source is a single file, which then has the only record.
    let isSingleFile: Bool
    /// The time before the survey began, in nanoseconds since 1970.
    let started: Int64

    /// Returns the divided folders whose entries a layer contains, parents first.
    func dividedFolders(in layer: Layer) -> [DividedFolder] {
        let sorted = folders.sorted { $0.path.lexicographicallyPrecedes($1.path) }
        if layer.part == .folders { return sorted }
        let used = Set(layer.runs.map { folders[$0.folder].path })
        return sorted.filter { folder in used.contains { $0.isBelow(folder.path) } }
    }

    /// Returns the title of a part: `torch/lib/libtorch.so`, `torch/* 2/3`.
    func title(of layer: Layer) throws -> String? {
        func below(_ folder: [UInt8], _ name: String) -> String {
            folder.isEmpty ? name : "\(String(decoding: folder, as: UTF8.self))/\(name)"
        }
        switch layer.part {
        case .everything: return nil
        case .folders: return "the folders of the other parts"
        case .some(let folder, let number, let count): return below(folder, "* \(number)/\(count)")
        case .one(let folder):
            guard let range = layer.runs.first?.range else { return nil }
            return below(folder, String(decoding: try index.record(at: range.lowerBound).name, as: UTF8.self))
        }
    }
}

extension [UInt8] {
    /// Returns whether this path is the folder or a path below it.
    func isBelow(_ folder: [UInt8]) -> Bool {
        folder.isEmpty || (starts(with: folder) && (count == folder.count || self[folder.count] == UInt8(ascii: "/")))
    }
}
