private import POSIX
public import SystemPackage

extension RunManifest {
    /// Finds the file that MANIFEST means: a path, or a name below `manifests/`.
    public static func locate(_ manifest: String) throws(DefinitionError) -> FilePath {
        let path = FilePath(manifest)
        if FileSystem.exists(path) || manifest.hasSuffix(".yaml") || manifest.hasSuffix(".yml") { return path }
        let named = FilePath("manifests").pushing(FilePath("\(manifest).yaml"))
        if FileSystem.exists(named) { return named }
        throw DefinitionError(manifest, "there is neither such a file nor \(named)")
    }
}
