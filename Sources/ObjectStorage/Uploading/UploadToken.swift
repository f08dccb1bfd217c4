import Hashing

/// The metadata value that identifies an object as one upload of ours, even when the answer to the upload was lost.
enum UploadToken {
    static let header = "x-amz-meta-upload-token"
    static let metadataName = "upload-token"
    static func make() -> String { RandomBytes.make(16).hexadecimal }
}
