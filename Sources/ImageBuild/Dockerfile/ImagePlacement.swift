import Archive
import ImageStore

/// Where in an image a layer's files go, as far as the layers below decide that.
struct ImagePlacement: Sendable {
    /// The files below; nil where there are none.
    let below: ImageContents?

    /// The file below at a path that has no links on the way.
    func file(at path: [UInt8]) -> ImageFile? {
        var file = below?.root
        for name in path.split(separator: ContainerPath.slash) { file = file?.child(name) }
        return file
    }

    /// The path without links: each is followed where it leads in the image, and names that are missing stay.
    func resolve(_ path: [UInt8]) throws(ImageBuildError) -> [UInt8] {
        var walk = PathWalk(path)
        while let next = walk.nextPlace() {
            guard let file = file(at: next), file.kind == .symbolicLink else {
                walk.enter()
                continue
            }
            guard walk.follow(file.target) else {
                throw ImageBuildError(
                    "write to \(ContainerPath.text(ContainerPath.joined(ContainerPath.names(path))))",
                    "links in the image lead in a circle")
            }
        }
        return walk.place
    }

    /// The folder that a path leads to; there is one, or there is nothing yet.
    func folder(_ path: [UInt8]) throws(ImageBuildError) -> [UInt8] {
        let real = try resolve(path)
        var prefix: [ArraySlice<UInt8>] = []
        for name in real.split(separator: ContainerPath.slash) {
            prefix.append(name)
            let place = ContainerPath.joined(prefix)
            if let file = file(at: place), file.kind != .directory {
                throw ImageBuildError(
                    "make the folder \(ContainerPath.text(real))", "\(ContainerPath.text(place)) is no folder")
            }
        }
        return real
    }

    /// True where a path leads to a folder that is there.
    func isFolder(_ path: [UInt8]) throws(ImageBuildError) -> Bool {
        let real = try resolve(path)
        return real.isEmpty || file(at: real)?.kind == .directory
    }
}
