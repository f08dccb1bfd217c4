import POSIX
package import SystemPackage

/// The unpacked files of an image; paths and symbolic links are resolved inside the folder.
package struct RootResolver: Sendable {
    package let path: FilePath

    package init(path: FilePath) { self.path = path }

    /// Returns the content of a file of at most 1 MiB, or nothing if there is none.
    ///
    /// Symbolic links are resolved with the folder as the root.
    package func content(of file: FilePath) -> [UInt8] {
        guard let resolved = resolve(file), let status = try? FileStatus(resolved), status.kind == .regular else {
            return []
        }
        return (try? FileSystem.read(resolved, limit: 1 << 20)) ?? []
    }

    /// Resolves an existing path with the folder as the root; no other process may write there meanwhile.
    private func resolve(_ file: FilePath) -> FilePath? {
        guard let place = canonical(file) else { return nil }
        let resolved = path.appending(place.components)
        return (try? FileStatus(resolved)) == nil ? nil : resolved
    }

    /// Returns the path below the folder, without symbolic links, that a path resolves to with the folder as the root.
    ///
    /// Names at the end that do not exist are kept. Returns nil after 40 symbolic links, which are taken for a loop. No
    /// other process may write there meanwhile.
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
