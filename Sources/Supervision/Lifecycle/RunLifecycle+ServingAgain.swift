import ObjectStorage
import RunContract
import SystemPackage

extension RunLifecycle {
    /// Restores the outputs, artifacts and inputs of a completed run that the model server needs.
    func restoreForServing(_ session: RunContext, _ record: CompletionRecord) async throws(SupervisionError) {
        runState.enter(.restore)
        var needs = try servingNeeds(session)
        let restorer = Restorer(session: session)
        var outputs: [FolderManifest] = []
        for stage in session.program.stages {
            guard let manifest = try await restorer.outputs(stage) else { continue }
            outputs.append(needs.part(of: manifest))
        }
        let folders = try artifactFolders(session)
        var artifacts: [(part: CompletionRecord.Artifact, target: FilePath)] = []
        for artifact in record.artifacts {
            guard let folder = folders[artifact.into] else { continue }
            let target = Self.target(of: artifact, folder)
            artifacts.append((needs.part(of: artifact, in: Self.place(of: target, below: session.data)), target))
        }
        let inputs = try await findInputs(session, &needs)
        // Fail before hours of downloads.
        if let pattern = needs.missing.first {
            throw SupervisionError(
                .restore, "serve the model", "nothing that the run left matches serve.needs '\(pattern)'")
        }
        for manifest in outputs where try await !restorer.restore(manifest, to: session.data) {
            throw SupervisionError(
                .restore, "serve the model", "what stage \(manifest.stage) left is not in the bucket any more")
        }
        for (artifact, target) in artifacts {
            do throws(StorageError) {
                try await restorer.download(
                    artifact.files, artifact.tree, to: target, as: "the restore of artifact \(artifact.into)")
            } catch { throw Restorer.failure(error) }
        }
        try await download(inputs, session)
    }

    /// Returns the program's `serve.needs` with its variables expanded.
    func servingNeeds(_ session: RunContext) throws(SupervisionError) -> ServingNeeds {
        guard let texts = session.program.serve?.needs else { return ServingNeeds(nil) }
        let variables = try session.stages.programVariables()
        return ServingNeeds(try Self.patterns(texts, variables) { "serve '\($0)'" })
    }

    /// Returns the folder to download to: a single file's record contains the file's own name.
    private static func target(of artifact: CompletionRecord.Artifact, _ folder: FilePath) -> FilePath {
        let isFile =
            artifact.files.count == 1 && artifact.tree == TreeRecord()
            && artifact.files.first?.path.bytes == folder.lastComponent?.bytes
        return isFile ? folder.removingLastComponent() : folder
    }

    private static func place(of folder: FilePath, below data: FilePath) -> RelativePath? {
        var relative = folder
        guard relative.removePrefix(data) else { return nil }
        return RelativePath(relative.bytes)
    }
}
