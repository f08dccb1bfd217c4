import ObjectStorage
import RunContract

extension FileRecord {
    /// Names an uploaded object by its path below the folder that it came from.
    init(path: RelativePath, object: UploadedObject, attributes: FileAttributes) {
        self.init(
            path: path, key: object.key, size: object.size, partSize: object.partSize, parts: object.parts,
            uploadToken: object.uploadToken, attributes: attributes)
    }

    /// What the bucket is asked about.
    var object: UploadedObject {
        UploadedObject(key: key, size: size, partSize: partSize, parts: parts, uploadToken: uploadToken)
    }
}
