import Archive
import ByteText
import Definitions
import POSIX
import SystemPackage
import Wording

/// Converts the entries of an archive to entries of a layer, in the order of the archive.
///
/// A tar keeps everything, as in docker's ADD: numeric owners, modes, times, extended attributes and links. A zip has
/// no owners, and its times are in its author's time zone, so its files belong to root and get the build's time.
struct UnpackedArchive {
    private let layer: ImageDefinition.ArchiveLayer
    private let survey: ArchiveSurvey
    private let action: String
    private let epoch: Int64
    private let isOnBase: Bool
    private let into: [UInt8]
    private let parents: [ArchiveEntry]
    private var written: Set<PathMark> = []

    /// Surveys the archive; `parents` are the entries of the folders above the target.
    init(_ layer: ImageDefinition.ArchiveLayer, below parents: [ArchiveEntry], epoch: Int64, isOnBase: Bool) throws {
        self.parents = parents
        self.layer = layer
        self.epoch = epoch
        self.isOnBase = isOnBase
        action = "unpack \(layer.from)"
        into = Array(layer.into.split(byte: "/").joined(separator: "/").utf8)
        let size = try FileStatus(layer.from, followingLinks: true).size
        survey = try ArchiveSurvey(layer, size: size, action: action)
    }

    mutating func write(to writer: inout LayerWriter, advance: (Int64) -> Void) throws {
        for entry in parents { try append(entry, to: &writer) }
        var reader = try ArchiveReader(at: layer.from)
        var index = -1
        while let original = try reader.next() {
            index += 1
            guard let path = try ArchivePath(original.path, in: action),
                let counted = try counted(original, at: path, index)
            else { continue }
            try writeMissingFolders(above: path, to: &writer)
            guard let entry = try placed(counted, at: path) else { continue }
            guard entry.kind == .regular, entry.size > 0 else {
                try append(entry, to: &writer)
                continue
            }
            try writer.append(entry) { (buffer) in
                let count = try reader.read(into: buffer)
                advance(Int64(count))
                return count
            }
        }
    }

    private func append(_ entry: ArchiveEntry, to writer: inout LayerWriter) throws {
        try writer.append(entry)
    }

    /// Returns the entry to write at this index, or nil for none.
    ///
    /// Of several entries with one path, the last one wins. A folder is written at the index of its first entry, so
    /// that it comes before its content.
    private func counted(_ entry: ArchiveEntry, at path: ArchivePath, _ index: Int) throws -> ArchiveEntry? {
        if !survey.repeated.isEmpty, entry.kind == .hardLink, let target = try ArchivePath(entry.target, in: action),
            let other = survey.repeated[target.bytes()], other.last > index
        {
            throw Failure(action, "'\(entry.name)' is a link to '\(target.bytes().text)', which it holds again later")
        }
        guard let repeated = survey.repeated[path.bytes()] else { return entry }
        if repeated.entry.kind == .directory { return index == repeated.first ? repeated.entry : nil }
        return index == repeated.last ? entry : nil
    }

    /// Adds entries for missing parent folders, because otherwise each unpacker would choose their modes itself.
    private mutating func writeMissingFolders(above path: ArchivePath, to writer: inout LayerWriter) throws {
        for folder in path.folders {
            let mark = PathMark(folder)
            guard !survey.links.contains(mark) else {
                throw Failure(action, "'\(path.bytes().text)' lies behind the link '\(folder.text)'")
            }
            guard !survey.paths.contains(mark) else {
                guard survey.folders.contains(mark) else {
                    throw Failure(action, "'\(path.bytes().text)' lies behind the file '\(folder.text)'")
                }
                continue
            }
            guard written.insert(mark).inserted,
                var entry = ParentFolders.entry(below(folder), onBase: isOnBase, modified: epoch)
            else { continue }
            setOwner(of: &entry)
            try append(entry, to: &writer)
        }
    }

    /// Returns the entry for the layer, or nil if a symbolic link of the base must stay.
    private func placed(_ original: ArchiveEntry, at path: ArchivePath) throws -> ArchiveEntry? {
        var entry = original
        entry.path = below(path.bytes())
        if entry.kind == .hardLink, let target = try ArchivePath(entry.target, in: action) {
            entry.target = below(target.bytes())
        }
        if entry.kind == .directory,
            ParentFolders.entry(entry.path, onBase: isOnBase, modified: epoch) == nil
        {
            return nil
        }
        if survey.isZip {
            entry.user = 0
            entry.group = 0
            entry.modified = epoch
        }
        setOwner(of: &entry)
        return entry
    }

    private func setOwner(of entry: inout ArchiveEntry) {
        guard let owner = layer.owner else { return }
        entry.user = Int64(owner.user)
        entry.group = Int64(owner.group)
    }

    private func below(_ path: [UInt8]) -> [UInt8] { into + (into.isEmpty ? [] : [UInt8(ascii: "/")]) + path }
}

extension [UInt8] {
    /// The path as text for messages.
    fileprivate var text: String { String(decoding: self, as: UTF8.self) }
}
