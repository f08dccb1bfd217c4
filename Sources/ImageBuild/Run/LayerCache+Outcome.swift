import POSIX

extension LayerCache {
    /// What inputs came to where they may come to nothing.
    struct Outcome: Sendable {
        let layer: BuiltLayer?
    }

    /// What the inputs came to, if that is known and still in the store.
    func outcome(of inputs: [String], createdBy: String) async -> Outcome? {
        if let layer = await find(inputs, createdBy: createdBy) { return Outcome(layer: layer) }
        return FileSystem.exists(file(for: inputs + ["nothing"])) ? Outcome(layer: nil) : nil
    }

    func keep(_ outcome: Outcome, for inputs: [String]) throws(ImageBuildError) {
        if let layer = outcome.layer { return try keep(layer, for: inputs) }
        let file = file(for: inputs + ["nothing"])
        try posix { () throws(POSIXError) in
            try FileSystem.makeFolder(folder)
            try FileSystem.write([], to: file)
        }
    }
}
