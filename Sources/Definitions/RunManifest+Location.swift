import ByteText
private import POSIX
package import SystemPackage
import Wording

extension RunManifest {
    /// Finds the manifest for an argument: a path, or a name below `manifests/`.
    ///
    /// A folder of that name is ignored: the folder of an image or a checkout may have the run's name.
    package static func locate(_ manifest: String) throws -> FilePath {
        let path = FilePath(manifest)
        let kind = (try? FileStatus(path, followingLinks: true))?.kind
        let isNamed = manifest.hasSuffix(bytes: ".yaml") || manifest.hasSuffix(bytes: ".yml")
        if let kind, kind != .directory { return path }
        if isNamed, kind == nil { return path }
        let named = FilePath("manifests").pushing(FilePath("\(manifest).yaml"))
        if FileSystem.exists(named) { return named }
        throw Failure(
            reading: manifest,
            kind == .directory
                ? "it is a folder, and there is no \(named)" : "there is neither such a file nor \(named)")
    }
}
