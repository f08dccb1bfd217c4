import Archive
import ImageStore

/// Where in an image a layer's files go, as far as the layers below decide that.
struct ImagePlacement: Sendable {
    /// What Linux allows on the way to one file.
    private static let mostLinks = 40

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
        var real: [ArraySlice<UInt8>] = []
        var rest = Array(path.split(separator: ContainerPath.slash).reversed())
        var links = 0
        while let name = rest.popLast() {
            if name == [UInt8(ascii: ".")] { continue }
            if name == Array("..".utf8)[...] {
                _ = real.popLast()
                continue
            }
            let next = ContainerPath.joined(real + [name])
            guard let file = file(at: next), file.kind == .symbolicLink else {
                real.append(name)
                continue
            }
            links += 1
            guard links <= Self.mostLinks else {
                throw ImageBuildError("write to \(ContainerPath.text(path))", "links in the image lead in a circle")
            }
            if file.target.first == ContainerPath.slash { real = [] }
            rest += file.target.split(separator: ContainerPath.slash).reversed()
        }
        return ContainerPath.joined(real)
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
