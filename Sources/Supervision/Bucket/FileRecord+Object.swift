import ObjectStorage
import RunContract

extension FileRecord {
    /// Creates the record of an uploaded object, with the file's path relative to its source folder.
    init(path: RelativePath, object: UploadedObject, attributes: FileAttributes) {
        self.init(
            path: path, key: object.key, size: object.size, partSize: object.partSize, parts: object.parts,
            uploadToken: object.uploadToken, attributes: attributes)
    }

    /// The object, for storage operations.
    var object: UploadedObject {
        UploadedObject(key: key, size: size, partSize: partSize, parts: parts, uploadToken: uploadToken)
    }
}
