import Archive
import ImageLayers
import ImageStore
import Wording

/// Resolves the paths of a new layer's files, which depend on the layers below.
struct ImagePlacement: Sendable {
    /// The files of the layers below; nil if there are none.
    let below: ImageContents?

    /// Returns the file below at a path whose parents are no symbolic links.
    func file(at path: [UInt8]) -> ImageFile? {
        var file = below?.root
        for name in path.split(separator: ContainerPath.slash) { file = file?.child(name) }
        return file
    }

    /// Resolves all symbolic links in a path inside the image; names that do not exist are kept.
    func resolve(_ path: [UInt8]) throws -> [UInt8] {
        var walk = PathWalk(path)
        while let next = walk.nextPlace() {
            guard let file = file(at: next), file.kind == .symbolicLink else {
                walk.enter()
                continue
            }
            guard walk.follow(file.target) else {
                throw Failure(
                    "write to \(ContainerPath.text(ContainerPath.joined(ContainerPath.names(path))))",
                    "links in the image lead in a circle")
            }
        }
        return walk.place
    }

    /// Resolves the path of a folder that exists or can be created; throws if a file is in the way.
    func folder(_ path: [UInt8]) throws -> [UInt8] {
        let real = try resolve(path)
        var prefix: [ArraySlice<UInt8>] = []
        for name in real.split(separator: ContainerPath.slash) {
            prefix.append(name)
            let place = ContainerPath.joined(prefix)
            if let file = file(at: place), file.kind != .directory {
                throw Failure(
                    "make the folder \(ContainerPath.text(real))", "\(ContainerPath.text(place)) is no folder")
            }
        }
        return real
    }

    /// Returns whether a path resolves to an existing folder.
    func isFolder(_ path: [UInt8]) throws -> Bool {
        let real = try resolve(path)
        return real.isEmpty || file(at: real)?.kind == .directory
    }
}
