import Containers
import ImageLayers
import POSIX
import SystemPackage
import Wording

/// The mount points that the image lacks.
///
/// They are in a layer of their own between the image and the command's changes, so that none of them appears among the
/// changes.
struct MountPoints {
    let below: RootResolver
    let folder: FilePath

    /// Ensures that a mount point exists at a place.
    func add(_ place: String, isFolder: Bool) throws {
        guard let path = below.canonical(FilePath(place)) else {
            throw Failure("mount at \(place)", "its links lead in a circle")
        }
        if let known = try? FileStatus(below.path.appending(path.components)) {
            guard (known.kind == .directory) == isFolder else {
                let reason = isFolder ? "is a file in the image, but a folder is mounted" : "is a folder in the image"
                throw Failure("mount at \(place)", "/\(path) \(reason)")
            }
            return
        }
        var passed = FilePath()
        for name in path.components {
            passed.append(name)
            let made = folder.appending(passed.components)
            if (try? FileStatus(made)) != nil { continue }
            let known = try? FileStatus(below.path.appending(passed.components))
            guard known.map({ $0.kind == .directory }) ?? true else {
                throw Failure("mount at \(place)", "/\(passed) is no folder in the image")
            }
            try make(made, isFolder: isFolder || passed != path, like: known)
        }
    }

    private func make(_ path: FilePath, isFolder: Bool, like known: FileStatus?) throws {
        guard isFolder else {
            try FileSystem.write([], to: path, mode: 0o644, exactly: true)
            return
        }
        try FileSystem.makeFolder(path)
        try Folder(path).setAttributes(
            owner: known.map { ($0.user, $0.group) }, mode: known?.mode ?? 0o755,
            modifiedSeconds: known?.modifiedSeconds ?? ImageEpoch.standard)
    }
}
