import ByteText
import SystemPackage

/// A key as a path below a folder: names separated by slashes, none of which leads out of the folder.
struct FileKey {
    let folders: [FilePath.Component]
    let name: FilePath.Component

    /// Throws for a key that is not a valid file path, or that names a different file than it says.
    init(_ key: String, doing action: String) throws(StorageError) {
        var components: [FilePath.Component] = []
        for part in key.split(byte: "/", omittingEmptySubsequences: false) {
            guard let component = Self.component(part) else {
                throw StorageError(
                    .other, action,
                    "a key below a folder is names with single slashes between them, without '.' and '..', of at most "
                        + "255 bytes each")
            }
            guard !UnfinishedFile.isName(component) else {
                throw StorageError(.other, action, "'\(component)' is a name that unfinished files have")
            }
            components.append(component)
        }
        name = components.removeLast()
        folders = components
    }

    /// Returns the text as a file name; nil where it is not a valid one.
    static func component(_ text: some StringProtocol) -> FilePath.Component? {
        guard !text.isEmpty, text != ".", text != "..", text.utf8.count <= 255, !text.utf8.contains(0),
            !text.utf8.contains(UInt8(ascii: "/"))
        else { return nil }
        return FilePath.Component(String(text))
    }
}
