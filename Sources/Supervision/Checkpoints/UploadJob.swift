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
    /// What keeps a checkpoint's files, nil where nothing does.
    var pin: CheckpointPin?

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
            guard let files = try checkpoint.uploadFiles(below: pattern.root, pin) else { return nil }
            return (files, TreeRecord())
        }
    }
}

extension LocalCheckpoint {
    /// Returns the checkpoint's files, nil if one has changed or is missing since the set was found complete.
    ///
    /// With a pin, files that the trainer has deleted are there all the same.
    func uploadFiles(below root: FilePath, _ pin: CheckpointPin? = nil) throws(POSIXError) -> [UploadFile]? {
        var found: [UploadFile] = []
        for (text, snapshot) in files.sorted(by: { $0.key < $1.key }) {
            guard let name = RelativePath(text.text) else { return nil }
            // A pin may have been released meanwhile.
            let paths = [pin?.path(of: name), name.path(below: root)].compactMap(\.self)
            var file: UploadFile?
            for path in paths where file == nil {
                guard let there = try Self.file(name, at: path) else { continue }
                if there.snapshot.isSameContent(as: snapshot) { file = there }
            }
            guard let file else { return nil }
            found.append(file)
        }
        return found
    }

    private static func file(_ name: RelativePath, at path: FilePath) throws(POSIXError) -> UploadFile? {
        do throws(POSIXError) {
            return UploadFile(name: name, path: path, status: try FileStatus(path, followingLinks: true))
        } catch {
            guard [.noSuchFileOrDirectory, .notDirectory].contains(error.errno) else { throw error }
            return nil
        }
    }
}
