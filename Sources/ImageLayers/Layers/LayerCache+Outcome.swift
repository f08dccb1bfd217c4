import POSIX

extension LayerCache {
    /// The outcome of a step, which may be no layer.
    package struct Outcome: Sendable {
        package let layer: BuiltLayer?

        package init(layer: BuiltLayer?) { self.layer = layer }
    }

    /// Returns the outcome for the inputs from this machine or from the shared outcomes.
    package func outcome(of inputs: [String], createdBy: String) async -> Outcome? {
        if let outcome = await ownOutcome(of: inputs, createdBy: createdBy) {
            shared?.note(key(for: inputs), outcome)
            return outcome
        }
        guard !isIgnored, let shared else { return nil }
        do {
            let outcome = try await shared.outcome(key(for: inputs), createdBy: createdBy, into: store)
            guard let outcome else { return nil }
            if let layer = outcome.layer { outlet?.add(layer.descriptor) }
            try keep(outcome, for: inputs)
            return outcome
        } catch {
            report(.warning("\(createdBy): the cache is not used, since: \(error)"))
            return nil
        }
    }

    private func ownOutcome(of inputs: [String], createdBy: String) async -> Outcome? {
        if let layer = await find(inputs, createdBy: createdBy) { return Outcome(layer: layer) }
        let isNothing = !isIgnored && FileSystem.exists(file(for: inputs + ["nothing"]))
        return isNothing ? Outcome(layer: nil) : nil
    }

    package func keep(_ outcome: Outcome, for inputs: [String]) throws {
        shared?.note(key(for: inputs), outcome)
        if let layer = outcome.layer { return try keep(layer, for: inputs) }
        forget(inputs)
        let file = file(for: inputs + ["nothing"])
        try FileSystem.makeFolder(folder)
        try FileSystem.write([], to: file)
    }
}
