import RunContract
import SystemPackage

/// Something that a stage left and that belongs into the bucket.
struct UploadJob: Sendable {
    enum Content: Sendable {
        case checkpoint(LocalCheckpoint, CheckpointPattern)
        /// What the stage's outputs are, known only when its turn comes; a finished stage has this even without any.
        case outputs([String: FilePath])
    }

    let stage: String
    /// The start whose number is in the keys.
    let attempt: Int
    let content: Content
    let upload: FolderUpload
    /// What a later start finds of it, where it would be of use to that.
    var note: UploadNote?

    /// How messages name it.
    var name: String {
        switch content {
        case .checkpoint(let checkpoint, _): "checkpoint \(stage)/\(checkpoint.step)"
        case .outputs: "the outputs of stage \(stage)"
        }
    }

    var size: Int64 {
        if case .checkpoint(let checkpoint, _) = content { checkpoint.size } else { 0 }
    }

    var step: Int? {
        if case .checkpoint(let checkpoint, _) = content { checkpoint.step } else { nil }
    }

    /// The files by their path in the folder.
    var files: [String: FilePath] {
        switch content {
        case .outputs(let files): files
        case .checkpoint(let checkpoint, let pattern):
            Dictionary(uniqueKeysWithValues: checkpoint.files.keys.map { ($0, pattern.root.appending($0)) })
        }
    }
}
