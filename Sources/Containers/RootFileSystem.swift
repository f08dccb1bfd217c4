import POSIX
package import SystemPackage

/// The unpacked files of an image, which must not lead out of their folder.
package struct RootFileSystem: Sendable {
    /// The folder.
    package let path: FilePath

    /// The files below a folder.
    package init(path: FilePath) { self.path = path }

    /// The content of a file of at most a megabyte, empty where there is none; links are followed as inside it.
    package func content(of file: FilePath) -> [UInt8] {
        guard let resolved = resolve(file), let status = try? FileStatus(resolved), status.kind == .regular else {
            return []
        }
        return (try? FileSystem.read(resolved, limit: 1 << 20)) ?? []
    }

    /// Where an existing path leads when the folder is the root; nothing else may write there at the time.
    private func resolve(_ file: FilePath) -> FilePath? {
        guard let place = canonical(file) else { return nil }
        let resolved = path.appending(place.components)
        return (try? FileStatus(resolved)) == nil ? nil : resolved
    }

    /// The path below the folder, without links, that a path leads to when the folder is the root.
    ///
    /// What is missing at its end is kept as it is. Nil where links lead in a circle. Nothing else may write there at
    /// the time.
    package func canonical(_ file: FilePath) -> FilePath? {
        var pending = Array(file.components.reversed())
        var place = FilePath(root: nil)
        var links = 0
        while let name = pending.popLast() {
            switch name.kind {
            case .currentDirectory: continue
            case .parentDirectory: place.removeLastComponent()
            case .regular:
                let next = path.appending(place.components).appending(name)
                guard let status = try? FileStatus(next), status.kind == .symbolicLink else {
                    place.append(name)
                    continue
                }
                links += 1
                guard links <= 40, let target = try? FileSystem.readLink(next) else { return nil }
                if target.isAbsolute { place = FilePath(root: nil) }
                pending.append(contentsOf: target.components.reversed())
            }
        }
        return place
    }
}
