import POSIX
import Synchronization
package import SystemPackage

/// Mounts folders on top of each other. <https://docs.kernel.org/filesystems/overlayfs.html>
///
/// It works in the folder that it makes the process's own: the kernel takes the names of all layers in one page, so that
/// they have to be short, and a path with a comma or a colon would be taken for something else.
package final class Overlay: Sendable {
    private let folder: FilePath
    private let isInUserNamespace: Bool
    private let count = Mutex(0)

    /// Links to layers are made in a folder; nothing else may change the process's working folder from then on.
    package init(linksIn folder: FilePath, isInUserNamespace: Bool) throws(ContainerError) {
        self.folder = folder
        self.isInUserNamespace = isInUserNamespace
        try system { () throws(POSIXError) in
            try FileSystem.makeFolder(folder)
            try FileSystem.changeFolder(to: folder)
        }
    }

    /// Mounts layers, the lowest first, to be read only.
    package func mount(_ layers: [FilePath], at place: FilePath) throws(ContainerError) {
        guard let only = layers.first else { return }
        if layers.count == 1 {
            try Mount.bind(only, at: place)
            return try Mount.restrict(place, [.readOnly, .noDevices])
        }
        try mount(layers, "", at: place, [.readOnly, .noDevices])
    }

    /// Mounts layers, the lowest first, with a folder that takes what is changed, and one beside it that the kernel needs.
    package func mount(
        _ layers: [FilePath], changes: FilePath, work: FilePath, at place: FilePath
    ) throws(ContainerError) {
        let options = ",upperdir=\(try link(changes)),workdir=\(try link(work))"
        // What a crash of the machine leaves half written is thrown away, so that nothing need wait for the disk.
        do throws(ContainerError) { try mount(layers, options + ",volatile", at: place, .noDevices) } catch {
            try mount(layers, options, at: place, .noDevices)
        }
    }

    private func mount(
        _ layers: [FilePath], _ options: String, at place: FilePath, _ restrictions: Mount.Restrictions
    ) throws(ContainerError) {
        var names: [String] = []
        for layer in layers.reversed() { names.append(try link(layer)) }
        // Each file that is changed must lie in the upper folder whole, and each folder under its own name.
        let own = isInUserNamespace ? ",userxattr" : ",redirect_dir=nofollow,metacopy=off,index=off"
        try Mount.make(
            "overlay", at: place, options: "lowerdir=\(names.joined(separator: ":"))\(options)\(own)", restrictions)
    }

    private func link(_ layer: FilePath) throws(ContainerError) -> String {
        let number = count.withLock { count in
            count += 1
            return count
        }
        let name = String(number, radix: 36)
        let link = folder.appending(name)
        try system { () throws(POSIXError) in try FileSystem.makeSymbolicLink(link, to: layer) }
        return name
    }
}

/// Runs calls of the system inside a function that throws this module's error.
func system<Value: ~Copyable>(_ body: () throws(POSIXError) -> Value) throws(ContainerError) -> Value {
    do throws(POSIXError) { return try body() } catch { throw ContainerError(error) }
}
