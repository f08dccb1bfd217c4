import Archive
import Definitions
import POSIX
import SystemPackage

/// The files layers below a layer: its own entries for the folders above it must say what those say.
///
/// Otherwise a layer into `/srv/app/data` would take `/srv/app` from the owner that an earlier layer gave it.
extension [FileSource] {
    /// The entry that the last of the layers that has a folder has for it.
    func entry(ofFolder path: [UInt8]) throws(ImageBuildError) -> ArchiveEntry? {
        for source in reversed() {
            if let known = try source.entry(ofFolder: path) { return known }
        }
        return nil
    }
}

extension FileSource {
    /// The entry that this source's layer has for a folder, nil where it has none.
    fileprivate func entry(ofFolder path: [UInt8]) throws(ImageBuildError) -> ArchiveEntry? {
        let above = intoBytes
        guard !path.isEmpty, path.isBelow(above) else { return nil }
        let relative = Array(path.dropFirst(above.isEmpty || path == above ? above.count : above.count + 1))
        if relative.isEmpty && !keepsFolders { return try earlier.entry(ofFolder: path) }
        guard relative.isEmpty || !rules.excludes(relative), let folder = try folder(at: relative) else { return nil }
        let status = try posix { () throws(POSIXError) in try folder.status() }
        guard var entry = folderEntry(at: relative, status, time: time) else { return nil }
        entry.extendedAttributes = try posix { () throws(POSIXError) in
            try folder.extendedAttributes { CarriedAttributes.isCarried($0, withModes: mode == .keep) }
        }
        return entry
    }

    /// Opens a folder below `from` without following links; nil where there is none.
    private func folder(at relative: [UInt8]) throws(ImageBuildError) -> Folder? {
        guard let start = try? FileStatus(from, followingLinks: true), start.kind == .directory else { return nil }
        var folder = try posix { () throws(POSIXError) in try Folder(from) }
        for name in relative.split(separator: UInt8(ascii: "/")) {
            let text = FilePath(platformString: name.map { CChar(bitPattern: $0) } + [0])
            guard let component = text.lastComponent else { return nil }
            let status = try posix { () throws(POSIXError) in try folder.status(component) }
            guard status?.kind == .directory else { return nil }
            folder = try posix { () throws(POSIXError) in try folder.folder(component) }
        }
        return folder
    }
}
