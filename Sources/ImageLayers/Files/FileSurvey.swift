import POSIX
import SystemPackage
import Wording

/// Walks over everything below a folder once, depth first, with the names of each folder in byte order.
///
/// Memory holds only the names in the current folder and its parents, and only some of these folders are open: trees
/// can be deeper, and paths longer, than the system's limits.
struct FileSurvey: ~Copyable {
    /// The state of a folder while the walk is inside it.
    private struct Frame {
        var folder: Folder?
        let status: FileStatus
        let listing: FolderListing
        var next = 0
        /// The length of the folder's path.
        let pathLength: Int
        let verdict: IgnoreRules.FolderVerdict
        /// The offset of the folder's record; for an excluded folder, the offset where it would be.
        let start: Int64
        /// False for an excluded folder until something in it is included again.
        var isRecorded: Bool
        var children = FolderChildren()
    }

    private static let mostOpenFolders = 64

    private let source: FileSource
    private let report: (BuildEvent) -> Void
    private var index: SurveyIndexWriter
    private var frames: [Frame] = []
    private var path: [UInt8] = []
    private var isSingleFile = false
    private var folders: [SurveyedFiles.DividedFolder] = []
    /// The layers of the folder that the walk left last, if it was divided.
    private var layers: [SurveyedFiles.Layer] = []

    init(_ source: FileSource, index: FilePath, report: @escaping (BuildEvent) -> Void) throws {
        self.source = source
        self.report = report
        self.index = try SurveyIndexWriter(at: index)
    }

    /// Walks the whole tree.
    consuming func run(started: Int64) throws -> SurveyedFiles {
        try enterSource()
        var total: Int64 = 0
        while !frames.isEmpty {
            if try !step() { total = try leave() }
        }
        // The last folder that the walk leaves is the source, which is divided even if all of it fits into one layer.
        if source.limit(for: total) == nil {
            let everything = SurveyedFiles.Run(folder: folders.count - 1, range: 0..<index.end)
            layers = [SurveyedFiles.Layer(part: .everything, runs: [everything])]
        }
        if source.time == .keep && layers.count > 1 { layers.append(SurveyedFiles.Layer(part: .folders, runs: [])) }
        let parents = try source.parents()
        let (folders, layers, isSingleFile) = (folders, layers, isSingleFile)
        return SurveyedFiles(
            parents: parents, index: try index.finish(), folders: folders, layers: layers, isSingleFile: isSingleFile,
            started: started)
    }

    private mutating func enterSource() throws {
        let status = try FileStatus(source.from, followingLinks: true)
        if status.kind == .directory {
            let folder = try Folder(source.from)
            return try enter(folder, status, source.rules.root, isRecorded: true)
        }
        // A single file is surveyed as if its folder contained nothing else.
        guard let name = source.from.lastComponent else { return }
        let above = source.from.removingLastComponent()
        let folder = try Folder(above.isEmpty ? "." : above)
        let listing = FolderListing(only: name)
        isSingleFile = true
        let before = try folder.status()
        frames.append(
            Frame(
                folder: folder, status: before, listing: listing, pathLength: 0, verdict: source.rules.root, start: 0,
                isRecorded: true))
    }

    private mutating func enter(
        _ folder: Folder, _ status: FileStatus, _ verdict: IgnoreRules.FolderVerdict, isRecorded: Bool,
        start: Int64? = nil
    ) throws {
        let listing = try folder.listing()
        let after = try folder.status()
        guard after.isUnchanged(since: status) else { throw Self.changed(folder.path) }
        frames.append(
            Frame(
                folder: folder, status: status, listing: listing, pathLength: path.count, verdict: verdict,
                start: start ?? index.end, isRecorded: isRecorded))
        if frames.count > Self.mostOpenFolders { frames[frames.count - 1 - Self.mostOpenFolders].folder = nil }
    }

    /// Handles the next name in the current folder; returns false if there is none.
    private mutating func step() throws -> Bool {
        let top = frames.count - 1
        guard frames[top].next < frames[top].listing.count, let folder = frames[top].folder else { return false }
        let place = frames[top].next
        frames[top].next += 1
        let name = frames[top].listing.name(place)
        path.removeSubrange(frames[top].pathLength...)
        if !path.isEmpty { path.append(UInt8(ascii: "/")) }
        path.append(contentsOf: name)
        let listing = frames[top].listing
        let found = try folder.status(place, of: listing)
        guard let status = found else { throw Self.changed(folder.path) }
        guard status.kind != .directory else { return try stepInto(folder, place, status, name) }
        guard !source.rules.excludes(path, in: frames[top].verdict), try isWanted(status) else { return true }
        let start = try record(name, status)
        let content = status.kind == .regular ? (status.size + 511) & ~511 : 0
        frames[top].children.append(name, weight: 512 + content, start..<index.end)
        return true
    }

    private mutating func stepInto(
        _ folder: Folder, _ place: Int, _ status: FileStatus, _ name: [UInt8]
    ) throws -> Bool {
        let top = frames.count - 1
        let verdict = source.rules.verdict(onFolder: path, in: frames[top].verdict)
        guard !verdict.isExcluded || source.rules.mayIncludeBelow(path) else { return true }
        let listing = frames[top].listing
        let child = try folder.folder(place, of: listing)
        let opened = try child.status()
        guard opened.isUnchanged(since: status) else { throw Self.changed(child.path) }
        let start = verdict.isExcluded ? index.end : try record(name, status)
        try enter(child, status, verdict, isRecorded: !verdict.isExcluded, start: start)
        return true
    }

    /// Writes the record of a child of the current folder, preceded by the records of its parents that have none yet.
    private mutating func record(_ name: [UInt8], _ status: FileStatus) throws -> Int64 {
        guard !name.starts(with: Array(".wh.".utf8)) else {
            throw Failure("put \(shown) into a layer", "names that begin with '.wh.' mean removals in a layer")
        }
        for place in frames.indices where !frames[place].isRecorded {
            let name = frames[place - 1].listing.name(frames[place - 1].next - 1)
            try index.append(SurveyRecord(depth: place, name: name, status: frames[place].status))
            frames[place].isRecorded = true
        }
        let start = index.end
        try index.append(SurveyRecord(depth: frames.count, name: name, status: status))
        return start
    }

    private func isWanted(_ status: FileStatus) throws -> Bool {
        switch status.kind {
        case .regular, .directory, .symbolicLink: return true
        case .fifo, .characterDevice, .blockDevice:
            if source.isPrivileged { return true }
            let kind = status.kind == .fifo ? "a FIFO" : "a device"
            report(.warning("\(shown) is \(kind); it is left out without --privileged"))
        case .socket, .unknown: report(.warning("\(shown) is a socket, which no layer can hold; it is left out"))
        }
        return false
    }

    /// Leaves the current folder, and returns its weight.
    private mutating func leave() throws -> Int64 {
        let frame = frames.removeLast()
        if let folder = frame.folder, !isSingleFile || !frames.isEmpty {
            let after = try folder.status()
            guard after.isUnchanged(since: frame.status) else { throw Self.changed(folder.path) }
        }
        let weight = frame.children.weight + 512
        var divided: [SurveyedFiles.Layer]?
        if frames.isEmpty || weight > source.largestLayer ?? .max {
            divided = divide(frame)
        }
        guard !frames.isEmpty else {
            layers = divided ?? []
            return frame.children.weight
        }
        let top = frames.count - 1
        if frame.isRecorded {
            let name = frames[top].listing.name(frames[top].next - 1)
            frames[top].children.append(name, weight: weight, frame.start..<index.end, divided)
        }
        try reopen(top, from: frame)
        return weight
    }

    private mutating func divide(_ frame: Frame) -> [SurveyedFiles.Layer] {
        let path = Array(path.prefix(frame.pathLength))
        folders.append(SurveyedFiles.DividedFolder(path: path, status: frame.status))
        return frame.children.layers(of: path, folder: folders.count - 1, limit: source.largestLayer ?? .max)
    }

    /// Reopens a folder that was closed because the walk went too deep below it.
    private mutating func reopen(_ place: Int, from child: Frame) throws {
        guard frames[place].folder == nil, let inside = child.folder else { return }
        // The path is only for messages, where a path of that length would be useless.
        let folder = try inside.parent(named: source.from)
        let status = try folder.status()
        guard status.isUnchanged(since: frames[place].status) else { throw Self.changed(folder.path) }
        frames[place].folder = folder
    }

    /// The current path in messages.
    private var shown: String {
        isSingleFile ? source.from.string : "\(source.from)/\(String(decoding: path, as: UTF8.self))"
    }

    private static func changed(_ folder: FilePath) -> Failure {
        Failure("read \(folder)", "the folder changed while it was read; build again")
    }
}
