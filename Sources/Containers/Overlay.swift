import POSIX
import Synchronization
package import SystemPackage

/// Mounts layers as an overlay file system. <https://docs.kernel.org/filesystems/overlayfs.html>
///
/// The overlay changes the process's working folder to a folder with short symbolic links to the layers. The kernel
/// limits the mount options to one page, so the names must be short, and it would misread a comma or colon in a path.
package final class Overlay: Sendable {
    private let folder: FilePath
    private let isInUserNamespace: Bool
    private let count = Mutex(0)

    /// Creates the folder for the links and makes it the working folder, which must not change afterwards.
    package init(linksIn folder: FilePath, isInUserNamespace: Bool) throws {
        self.folder = folder
        self.isInUserNamespace = isInUserNamespace
        try FileSystem.makeFolder(folder)
        try FileSystem.changeFolder(to: folder)
    }

    /// Mounts layers read-only, the lowest first.
    package func mount(_ layers: [FilePath], at place: FilePath) throws {
        guard let only = layers.first else { return }
        if layers.count == 1 {
            try Mount.bind(only, at: place)
            return try Mount.restrict(place, [.readOnly, .noDevices])
        }
        try mount(layers, "", at: place, [.readOnly, .noDevices])
    }

    /// Mounts layers, the lowest first, with an upper folder for changes and the work folder that the kernel needs.
    package func mount(_ layers: [FilePath], changes: FilePath, work: FilePath, at place: FilePath) throws {
        let options = ",upperdir=\(try link(changes)),workdir=\(try link(work))"
        // A crash of the machine discards the changes anyway, so with `volatile` no operation waits for the disk.
        do { try mount(layers, options + ",volatile", at: place, .noDevices) } catch {
            try mount(layers, options, at: place, .noDevices)
        }
    }

    private func mount(
        _ layers: [FilePath], _ options: String, at place: FilePath, _ restrictions: Mount.Restrictions
    ) throws {
        var names: [String] = []
        for layer in layers.reversed() { names.append(try link(layer)) }
        // Each changed file must be in the upper folder as a whole, and each folder under its own name.
        let own = isInUserNamespace ? ",userxattr" : ",redirect_dir=nofollow,metacopy=off,index=off"
        try Mount.make(
            "overlay", at: place, options: "lowerdir=\(names.joined(separator: ":"))\(options)\(own)", restrictions)
    }

    private func link(_ layer: FilePath) throws -> String {
        let number = count.withLock { count in
            count += 1
            return count
        }
        let name = String(number, radix: 36)
        let link = folder.appending(name)
        try FileSystem.makeSymbolicLink(link, to: layer)
        return name
    }
}
