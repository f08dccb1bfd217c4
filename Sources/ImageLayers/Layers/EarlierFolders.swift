import Archive
import Definitions
import POSIX
import SystemPackage

/// The `files` layers below a layer, with which its entries for parent folders must agree.
///
/// Otherwise a layer into `/srv/app/data` would reset the owner that an earlier layer gave to `/srv/app`.
extension [FileSource] {
    /// Returns a folder's entry from the topmost layer that has the folder.
    func entry(ofFolder path: [UInt8]) throws -> ArchiveEntry? {
        for source in reversed() {
            if let known = try source.entry(ofFolder: path) { return known }
        }
        return nil
    }
}

extension FileSource {
    /// Returns the entry for a folder in this source's layer, or nil if there is none.
    fileprivate func entry(ofFolder path: [UInt8]) throws -> ArchiveEntry? {
        let above = intoBytes
        guard !path.isEmpty, path.isBelow(above) else { return nil }
        let relative = Array(path.dropFirst(above.isEmpty || path == above ? above.count : above.count + 1))
        if relative.isEmpty && !keepsFolders { return try earlier.entry(ofFolder: path) }
        let isThere = relative.isEmpty ? true : try isIncluded(relative)
        guard isThere, let folder = try folder(at: relative) else { return nil }
        let status = try folder.status()
        guard var entry = folderEntry(at: relative, status, time: time) else { return nil }
        entry.extendedAttributes = try folder.extendedAttributes {
            CarriedAttributes.isCarried($0, withModes: mode == .keep)
        }
        return entry
    }

    /// Returns whether the layer has a folder: the rules include it, or a file below it that is an exception.
    private func isIncluded(_ folder: [UInt8]) throws -> Bool {
        guard rules.excludes(folder) else { return true }
        let place = from.appending(FilePath(platformString: folder.map { CChar(bitPattern: $0) } + [0]).components)
        guard rules.mayIncludeBelow(folder), (try? FileStatus(place))?.kind == .directory else { return false }
        let names = try FileSystem.names(in: place)
        for name in names {
            let path = folder + [ContainerPath.slash] + name.string.utf8
            if !rules.excludes(path) { return true }
            let status = try FileStatus(place.appending(name))
            if status.kind == .directory, try isIncluded(path) { return true }
        }
        return false
    }

    /// Opens a folder below `from` without following symbolic links; returns nil if there is none.
    private func folder(at relative: [UInt8]) throws -> Folder? {
        guard let start = try? FileStatus(from, followingLinks: true), start.kind == .directory else { return nil }
        var folder = try Folder(from)
        for name in relative.split(separator: UInt8(ascii: "/")) {
            let text = FilePath(platformString: name.map { CChar(bitPattern: $0) } + [0])
            guard let component = text.lastComponent else { return nil }
            let status = try folder.status(component)
            guard status?.kind == .directory else { return nil }
            folder = try folder.folder(component)
        }
        return folder
    }
}
