import Archive
import Definitions
import POSIX
import SystemPackage
import Wording

/// Writes one layer of surveyed files, and throws if a file has changed since the survey.
struct FileLayer {
    private static let leastSparse: Int64 = 1 << 20

    private let source: FileSource
    private let files: SurveyedFiles
    private let layer: SurveyedFiles.Layer
    private let repeated: Set<FileID>
    private let advance: (Int64) -> Void
    /// Examines Python bytecode while it is written; nil if files keep their times.
    var bytecode: StaleBytecode?
    private var cursor: FolderCursor
    private var firstNames: [FileID: [UInt8]] = [:]

    init(
        _ layer: SurveyedFiles.Layer, of files: SurveyedFiles, from source: FileSource,
        repeated: Set<FileID>,
        advance: @escaping (Int64) -> Void
    ) throws {
        self.source = source
        self.files = files
        self.layer = layer
        self.repeated = repeated
        self.advance = advance
        cursor = try FolderCursor(of: files, from: source)
    }

    mutating func write(to writer: inout LayerWriter) throws {
        for entry in files.parents { try writer.append(entry) }
        var above = files.dividedFolders(in: layer)[...]
        if layer.part == .folders { return try writeFolders(&above, to: &writer) }
        for run in layer.runs {
            let folder = files.folders[run.folder]
            try writeFolders(&above, whichContain: folder.path, to: &writer)
            var path = RecordPath(in: folder.path, depth: folder.depth + 1)
            try files.index.read(run.range) { (record, _) in
                path.move(to: record)
                try write(record, at: path, to: &writer)
            }
        }
        try checkFolders()
    }

    /// Writes the entries of the divided folders, either all of them or only those that contain a path.
    private mutating func writeFolders(
        _ folders: inout ArraySlice<SurveyedFiles.DividedFolder>, whichContain path: [UInt8]? = nil,
        to writer: inout LayerWriter
    ) throws {
        // If each of several layers had the folder's own time, one added file would change every layer.
        let isShared = layer.part != .everything && layer.part != .folders
        let time = isShared && source.time == .keep ? FileSource.Time.fixed(0) : source.time
        while let folder = folders.first, path?.isBelow(folder.path) ?? true {
            try write(folder, time: time, to: &writer)
            folders.removeFirst()
        }
    }

    private mutating func write(
        _ folder: SurveyedFiles.DividedFolder, time: FileSource.Time, to writer: inout LayerWriter
    ) throws {
        // The folder `into` is among the parents, unless the source folder's attributes go into the image.
        guard !folder.path.isEmpty || source.keepsFolders else { return }
        guard !files.isSingleFile, var entry = source.folderEntry(at: folder.path, folder.status, time: time) else {
            return
        }
        let opened = try cursor.folder(at: folder.path)
        entry.extendedAttributes = try attributes { (isWanted) in
            try opened.extendedAttributes(where: isWanted)
        }
        try writer.append(entry)
    }

    private mutating func write(_ record: SurveyRecord, at path: RecordPath, to writer: inout LayerWriter) throws {
        if record.status.kind == .directory {
            guard var entry = source.folderEntry(at: path.bytes, record.status, time: source.time) else { return }
            let opened = try cursor.folder(at: path.bytes)
            entry.extendedAttributes = try attributes { (isWanted) in
                try opened.extendedAttributes(where: isWanted)
            }
            return try writer.append(entry)
        }
        let folder = try cursor.folder(at: path.parent)
        let component = FilePath(platformString: record.name.map { CChar(bitPattern: $0) } + [0]).lastComponent
        guard let name = component else { return }
        var entry = source.entry(.regular, at: path.bytes, record.status, time: source.time)
        switch record.status.kind {
        case .regular:
            if let first = firstName(of: record.status, entry.path) {
                entry.kind = .hardLink
                entry.target = first
                try writer.append(entry)
            } else {
                try write(name, in: folder, record.status, entry, to: &writer)
            }
        case .symbolicLink:
            entry.kind = .symbolicLink
            entry.mode = 0o777
            entry.target = try folder.readLinkBytes(name)
            let after = try folder.status(name)
            guard after?.isUnchanged(since: record.status) == true else { throw Self.changed(folder, name) }
            try writer.append(entry)
        default:
            try writeSpecial(name, in: folder, record.status, entry, to: &writer)
        }
    }

    /// Writes a FIFO or a device with its own mode, which is all that it has.
    private func writeSpecial(
        _ name: FilePath.Component, in folder: Folder, _ status: FileStatus, _ plain: ArchiveEntry,
        to writer: inout LayerWriter
    ) throws {
        var entry = plain
        entry.mode = status.mode
        switch status.kind {
        case .characterDevice: entry.kind = .characterDevice
        case .blockDevice: entry.kind = .blockDevice
        default: entry.kind = .fifo
        }
        if entry.kind != .fifo {
            let (major, minor) = status.specialDeviceNumbers
            entry.device = ArchiveEntry.Device(major: major, minor: minor)
        }
        entry.extendedAttributes = try attributes { (isWanted) in
            try folder.extendedAttributes(of: name, where: isWanted)
        }
        try writer.append(entry)
    }

    /// Writes a file's content, and throws if the file changes meanwhile.
    private func write(
        _ name: FilePath.Component, in folder: Folder, _ expected: FileStatus, _ plain: ArchiveEntry,
        to writer: inout LayerWriter
    ) throws {
        let file = try folder.open(name)
        let before = try file.status()
        guard before.isUnchanged(since: expected) else { throw Self.changed(folder, name) }
        var entry = plain
        entry.size = before.size
        entry.extendedAttributes = try attributes { (isWanted) in
            try file.extendedAttributes(where: isWanted)
        }
        do { try writeContent(of: file, before, entry, to: &writer) } catch let error as Failure {
            // Only a changed file is the file's fault; other errors, such as a full disk, come from the layer.
            throw error == LayerWriter.changed(entry) ? Self.changed(folder, name) : error
        }
        let after = try file.status()
        guard after.isUnchanged(since: before) else { throw Self.changed(folder, name) }
    }

    private func writeContent(
        of file: borrowing File, _ status: FileStatus, _ entry: ArchiveEntry, to writer: inout LayerWriter
    ) throws {
        // In shorter files the holes are not worth the system calls.
        let extents = status.size < Self.leastSparse ? nil : try file.extents(size: status.size)
        guard let extents, extents != [0..<status.size] else { return try writeAll(of: file, entry, to: &writer) }
        try writer.append(entry, extents: extents) { (buffer, offset) in
            let count = try file.read(into: buffer, at: offset)
            advance(Int64(count))
            return count
        }
    }

    private func writeAll(of file: borrowing File, _ entry: ArchiveEntry, to writer: inout LayerWriter) throws {
        var isBeginning = true
        try writer.append(entry) { (buffer) in
            let count = try file.read(into: buffer)
            advance(Int64(count))
            if isBeginning, source.time != .keep {
                bytecode?.examine(
                    entry.path, UnsafeRawBufferPointer(rebasing: buffer[..<count]), time: entry.modified)
            }
            isBeginning = false
            return count
        }
    }

    /// Throws if a folder has changed, which reveals names that appeared or disappeared while files were read.
    private mutating func checkFolders() throws {
        func check(_ path: [UInt8], _ status: FileStatus, in cursor: inout FolderCursor) throws {
            let folder = try cursor.folder(at: path)
            let now = try folder.status()
            guard now.isUnchanged(since: status) else {
                throw Failure("read \(folder.path)", "the folder changed while it was read; build again")
            }
        }
        for run in layer.runs where !files.isSingleFile {
            let folder = files.folders[run.folder]
            try check(folder.path, folder.status, in: &cursor)
            var path = RecordPath(in: folder.path, depth: folder.depth + 1)
            var cursor = cursor
            try files.index.read(run.range) { (record, _) in
                path.move(to: record)
                if record.status.kind == .directory { try check(path.bytes, record.status, in: &cursor) }
            }
        }
    }

    /// Returns the path of the file's first name in this layer, or nil if this is the first name.
    private mutating func firstName(of status: FileStatus, _ path: [UInt8]) -> [UInt8]? {
        let identity = status.id
        guard status.links > 1, repeated.contains(identity) else { return nil }
        if let first = firstNames[identity] { return first }
        firstNames[identity] = path
        return nil
    }

    private func attributes(_ read: ((String) -> Bool) throws -> [String: [UInt8]]) throws -> [String: [UInt8]] {
        let withModes = source.mode == .keep
        return try read { CarriedAttributes.isCarried($0, withModes: withModes) }
    }

    private static func changed(_ folder: Folder, _ name: FilePath.Component) -> Failure {
        Failure("read \(folder.path.appending(name))", "it changed while it was read; build again")
    }
}
