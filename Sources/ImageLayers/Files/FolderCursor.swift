import POSIX
import SystemPackage

/// Reopens the folders of a walk, and keeps the last one open because it is requested most often.
struct FolderCursor {
    private let root: Folder
    private var path: [UInt8] = []
    private var folder: Folder

    init(of files: SurveyedFiles, from source: FileSource) throws {
        let path = files.isSingleFile ? source.from.removingLastComponent() : source.from
        root = try Folder(path.isEmpty ? "." : path)
        folder = root
    }

    /// Returns the folder at a path below the root, whose path is empty.
    mutating func folder(at wanted: [UInt8]) throws -> Folder {
        if wanted == path { return folder }
        let slash = UInt8(ascii: "/")
        let isBelow =
            path.isEmpty || (wanted.count > path.count && wanted[path.count] == slash && wanted.starts(with: path))
        let start = isBelow ? folder : root
        let rest = isBelow && !path.isEmpty ? Array(wanted[(path.count + 1)...]) : wanted
        folder = rest.isEmpty ? root : try start.folder(below: rest)
        path = wanted
        return folder
    }
}

/// The path of the last record, computed from the names and depths of the records.
struct RecordPath {
    private(set) var bytes: [UInt8]
    /// The path lengths of the folders that contain the record, beginning with the start folder.
    private var lengths: [Int]
    private let base: Int

    /// Starts in a folder whose children have the depth `depth`.
    init(in folder: [UInt8], depth: Int) {
        bytes = folder
        lengths = [folder.count]
        base = depth
    }

    /// The path of the folder that contains the record.
    var parent: [UInt8] { Array(bytes.prefix(lengths[lengths.count - 1])) }

    mutating func move(to record: SurveyRecord) {
        // If this record is deeper, the previous record is its folder.
        if record.depth - base == lengths.count { lengths.append(bytes.count) }
        lengths.removeSubrange((record.depth - base + 1)...)
        bytes.removeSubrange(lengths[lengths.count - 1]...)
        if !bytes.isEmpty { bytes.append(UInt8(ascii: "/")) }
        bytes.append(contentsOf: record.name)
    }
}
