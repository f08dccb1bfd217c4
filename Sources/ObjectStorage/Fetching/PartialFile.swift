import ByteText
import Hashing
import POSIX
package import SystemPackage

/// The temporary file of a download, which another process can resume.
///
/// Its name contains a hash of the object's size and part hashes, so that it is never mistaken for another object's. It
/// needs no journal: each part in it is compared with its hash before it counts.
package enum PartialFile {
    /// Returns the bytes that an earlier download of the object to `file` has left, which need no further disk space.
    package static func bytes(of object: UploadedObject, to file: FilePath) -> Int64 {
        guard let partial = try? File(path(of: object, to: file), .read), let status = try? partial.status(),
            let extents = try? partial.extents(size: status.size)
        else { return 0 }
        return extents.reduce(0) { $0 + Int64($1.count) }
    }

    static func path(of object: UploadedObject, to file: FilePath) -> FilePath {
        let content = "\(object.size) \(object.partSize) \(object.parts.joined(separator: " "))"
        let hash = SHA256.hash(Array(content.utf8)).hexadecimal.prefix(16)
        return file.removingLastComponent().appending("\(prefix(file))\(hash)\(suffix)")
    }

    /// Returns the temporary files of other objects with the same target.
    static func others(than partial: FilePath, to file: FilePath) -> [FilePath] {
        let folder = file.removingLastComponent()
        let prefix = prefix(file)
        let names = (try? FileSystem.names(in: folder.isEmpty ? "." : folder)) ?? []
        return names.compactMap { component in
            let name = component.string
            guard name.hasPrefix(bytes: prefix), name.hasSuffix(bytes: suffix), component != partial.lastComponent,
                name.utf8.count == prefix.utf8.count + 16 + suffix.utf8.count
            else { return nil }
            return folder.appending(component)
        }
    }

    private static let suffix = ".partial"

    /// A name has at most 255 bytes, and this one is longer than the file's own.
    private static func prefix(_ file: FilePath) -> String {
        let name = file.lastComponent?.string ?? "file"
        return name.utf8.count <= 200 ? ".\(name)." : ".\(SHA256.hash(Array(name.utf8)).hexadecimal)."
    }
}
