import ByteText
import POSIX
import RunContract
import SystemPackage

/// A checkpoint or the outputs of a stage, queued for upload.
struct UploadJob: Sendable {
    /// The checkpoint or the outputs to upload.
    enum Content: Sendable {
        case checkpoint(LocalCheckpoint, CheckpointPattern)
        /// The stage's outputs; a finished stage has this job even without any files.
        case outputs(StageOutputs)
    }

    let stage: String
    /// The attempt whose number is in the keys.
    let attempt: Int
    /// How often that attempt had saved this step.
    var save = 1
    let content: Content
    /// The key prefix of its files, with a trailing slash.
    let folder: String
    let upload: FolderUpload
    /// The note on the disk with which a later attempt continues the upload, nil for outputs.
    var note: PendingUpload?

    /// The job's name in messages.
    var name: String {
        switch content {
        case .checkpoint(let checkpoint, _): "checkpoint \(stage)/\(checkpoint.step)"
        case .outputs: "the outputs of stage \(stage)"
        }
    }

    var size: Int64 {
        switch content {
        case .checkpoint(let checkpoint, _): checkpoint.size
        case .outputs(let outputs): outputs.found.size
        }
    }

    var step: Int? {
        if case .checkpoint(let checkpoint, _) = content { checkpoint.step } else { nil }
    }

    var stepText: String? {
        if case .checkpoint(let checkpoint, _) = content { checkpoint.stepText } else { nil }
    }

    /// Returns the files as they are now, nil if a checkpoint has changed since it was found.
    func survey() throws(POSIXError) -> (files: [UploadFile], tree: TreeRecord)? {
        switch content {
        case .outputs(let outputs):
            let found = try outputs.survey()
            return (found.files, found.tree)
        case .checkpoint(let checkpoint, let pattern):
            guard let files = try checkpoint.uploadFiles(below: pattern.root) else { return nil }
            return (files, TreeRecord())
        }
    }
}

extension LocalCheckpoint {
    /// Returns the checkpoint's files, nil if one has changed or is missing since the set was found complete.
    func uploadFiles(below root: FilePath) throws(POSIXError) -> [UploadFile]? {
        var found: [UploadFile] = []
        for (text, snapshot) in files.sorted(by: { $0.key < $1.key }) {
            guard let name = RelativePath(text.text) else { return nil }
            let path = name.path(below: root)
            do throws(POSIXError) {
                let file = UploadFile(name: name, path: path, status: try FileStatus(path, followingLinks: true))
                guard file.snapshot.isSameContent(as: snapshot) else { return nil }
                found.append(file)
            } catch {
                guard [.noSuchFileOrDirectory, .notDirectory].contains(error.errno) else { throw error }
                return nil
            }
        }
        return found
    }
}
