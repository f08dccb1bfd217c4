import ByteText
import POSIX
import RunContract
import SystemPackage

/// Something that a stage left and that belongs into the bucket.
struct UploadJob: Sendable {
    enum Content: Sendable {
        case checkpoint(LocalCheckpoint, CheckpointPattern)
        /// What the stage's outputs are; a finished stage has this even without any.
        case outputs(StageOutputs)
    }

    let stage: String
    /// The start whose number is in the keys.
    let attempt: Int
    /// How often that start had saved this step.
    var save = 1
    let content: Content
    /// The key that its files are below, with a slash at the end.
    let folder: String
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

    /// The files as they are now; nil where a checkpoint is no longer what was found.
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
    /// Its files; nil where one of them changed or is gone since the set was found complete.
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
