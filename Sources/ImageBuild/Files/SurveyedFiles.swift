import Archive
import POSIX

/// What a survey found: the files in an index, and how they are put into layers.
struct SurveyedFiles: Sendable {
    /// A folder whose children are in several layers; each of these carries the folder's own entry.
    struct DividedFolder: Sendable {
        /// Relative to the surveyed folder; empty for that itself.
        let path: [UInt8]
        let status: FileStatus

        /// The depth of its own record.
        var depth: Int { path.isEmpty ? 0 : 1 + path.count { $0 == UInt8(ascii: "/") } }
    }

    /// Records that follow one another and go into one layer: children of one folder, with all that is below them.
    struct Run: Sendable {
        /// The place of their folder in ``folders``.
        let folder: Int
        var range: Range<Int64>
    }

    /// Which part of the files a layer holds.
    enum Part: Sendable, Equatable {
        case everything
        /// Some of a folder's children.
        case some(of: [UInt8], number: Int, count: Int)
        /// One child of a folder, with what is below it.
        case one(of: [UInt8])
        /// The divided folders alone, with their own times.
        case folders
    }

    /// A layer to be made.
    struct Layer: Sendable {
        let part: Part
        let runs: [Run]
    }

    /// The entries above what a layer brings.
    let parents: [ArchiveEntry]
    let index: SurveyIndex
    /// The surveyed folder comes last.
    let folders: [DividedFolder]
    let layers: [Layer]
    /// True where the source is no folder; its record is then the only one.
    let isSingleFile: Bool
    /// Nanoseconds since 1970, before anything was looked at.
    let started: Int64

    /// The divided folders whose entries a layer carries, each after those that it is in.
    func dividedFolders(in layer: Layer) -> [DividedFolder] {
        let sorted = folders.sorted { $0.path.lexicographicallyPrecedes($1.path) }
        if layer.part == .folders { return sorted }
        let used = Set(layer.runs.map { folders[$0.folder].path })
        return sorted.filter { folder in used.contains { $0.isBelow(folder.path) } }
    }

    /// What a part is called: `torch/lib/libtorch.so`, `torch/* 2/3`.
    func title(of layer: Layer) throws(ImageBuildError) -> String? {
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
    /// True where this path is the folder or below it.
    func isBelow(_ folder: [UInt8]) -> Bool {
        folder.isEmpty || (starts(with: folder) && (count == folder.count || self[folder.count] == UInt8(ascii: "/")))
    }
}
