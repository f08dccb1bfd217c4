import ByteText
import Hashing
import POSIX
package import SystemPackage

/// Where an object is kept while it comes, so that another process can go on with it.
///
/// The name holds a hash of what the object is, part by part: another object is never taken for it. It needs no journal
/// beside it, since each part that is there is compared with its hash before it counts.
package enum PartialFile {
    /// Bytes that an earlier process left of an object on its way to `file`, which need no space a second time.
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

    /// What was left of other objects that were to have this name.
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

    /// Names have at most 255 bytes, and this one must have room for more than the file's own.
    private static func prefix(_ file: FilePath) -> String {
        let name = file.lastComponent?.string ?? "file"
        return name.utf8.count <= 200 ? ".\(name)." : ".\(SHA256.hash(Array(name.utf8)).hexadecimal)."
    }
}
