import JSON
import ObjectStorage
import POSIX
import RunContract
import Synchronization
import SystemPackage
import Wording

/// An input that was found in the bucket, or the needed part of it.
struct FoundInput: Sendable {
    let input: RunInput
    let artifact: CompletionRecord.Artifact
    /// What complete.json says of it.
    let record: CompletionRecord.Input
}

extension RunLifecycle {
    /// Downloads the artifacts of other runs that the program starts from; skips existing files that match.
    ///
    /// All of them are found and their objects checked before the first download, so that a run that cannot start fails
    /// after seconds.
    func takeInputs(_ session: RunContext) async throws(SupervisionError) -> [CompletionRecord.Input] {
        var everything = ServingNeeds(nil)
        let inputs = try await findInputs(session, &everything)
        try await download(inputs, session)
        return inputs.map(\.record)
    }

    /// Returns the inputs, or their needed parts, after checking that all objects have the recorded sizes.
    ///
    /// Does not download them yet.
    func findInputs(_ session: RunContext, _ needs: inout ServingNeeds) async throws(SupervisionError) -> [FoundInput] {
        guard !session.program.inputs.isEmpty else { return [] }
        let variables = try session.stages.programVariables()
        let inputs: [RunInput]
        do { inputs = try session.program.inputs { variables[$0] } } catch {
            throw SupervisionError(status: RunExit.configuration.rawValue, "\(error)")
        }
        var found: [FoundInput] = []
        for input in inputs {
            let place = RelativePath(input.into)
            // A missing run is no problem if nothing of it is needed.
            if let place, !needs.reach(place) { continue }
            let (record, whole) = try await find(input, session)
            let artifact = needs.part(of: whole, in: place)
            try await verify(artifact, input, session)
            found.append(
                FoundInput(
                    input: input, artifact: artifact,
                    record: CompletionRecord.Input(
                        run: record.run, attempt: record.attempt, artifact: input.artifact)))
        }
        return found
    }

    func download(_ inputs: [FoundInput], _ session: RunContext) async throws(SupervisionError) {
        for found in inputs { try await download(found.input, found.artifact, session) }
    }

    private func find(
        _ input: RunInput, _ session: RunContext
    ) async throws(SupervisionError) -> (CompletionRecord, CompletionRecord.Artifact) {
        let layout = session.layout.layout(of: input.run)
        let action = "take \(input)"
        do {
            let found = try await session.store.document(layout.completion, limit: 256 << 20) {
                (json) in try CompletionRecord(json: json, below: layout.root)
            }
            guard let found else {
                throw SupervisionError(
                    .preflight, action, "it is not complete: there is no \(layout.completion) in the bucket")
            }
            let record: CompletionRecord
            do { record = try found.get() } catch {
                throw SupervisionError(.preflight, action, "\(layout.completion) cannot be read: \(error)")
            }
            return (record, try record.artifact(of: input))
        } catch { throw Self.failure(error, action) }
    }

    private func verify(
        _ artifact: CompletionRecord.Artifact, _ input: RunInput, _ session: RunContext
    ) async throws(SupervisionError) {
        let action = "take \(input)"
        do {
            let files = artifact.files
            let missing = try await BoundedTasks.run(files.count, atOnce: TransferLimits.filesAtOnce) {
                [store = session.store] (index) async throws(StorageError) in
                try await store.head(files[index].key)?.size == files[index].size ? nil : files[index].key
            }
            if let key = missing.compactMap(\.self).first {
                throw SupervisionError(.preflight, action, "\(key) is missing in the bucket, or has another size")
            }
        } catch { throw Self.failure(error, action) }
    }

    private func download(
        _ input: RunInput, _ artifact: CompletionRecord.Artifact, _ session: RunContext
    ) async throws(SupervisionError) {
        let folder = session.data.pushing(FilePath(input.into))
        let files = artifact.files
        let size = files.reduce(0) { $0 + $1.size }
        log.say("input \(input.into): \(input), \(files.count) files, \(ByteCount(size))")
        let restorer = Restorer(session: session)
        try restorer.requireSpace(for: files, in: folder)
        do throws(StorageError) {
            try await restorer.download(files, artifact.tree, to: folder, as: "the input \(input.into)")
        } catch {
            throw Self.failure(error, "take \(input)")
        }
    }

    /// Converts an error about an input to a failed preflight.
    private static func failure(_ error: any Error, _ action: String) -> SupervisionError {
        if let error = error as? SupervisionError { return error }
        if let error = error as? StorageError, error.code == .cancelled { return .stopped }
        if error is Failure { return SupervisionError(status: RunExit.preflight.rawValue, "\(error)") }
        return SupervisionError(.preflight, action, "\(error)")
    }
}
