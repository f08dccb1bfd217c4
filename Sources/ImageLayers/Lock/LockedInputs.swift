package import JSON
import Synchronization
import SystemPackage
package import Wording

/// The inputs of one build: their state in a lock, and the state that the build found.
package final class LockedInputs: Sendable {
    private let lock: ImageLock?
    private let found = Mutex(ImageLock())

    /// Creates inputs that must match a lock, if there is one.
    package init(obeying lock: ImageLock? = nil) { self.lock = lock }

    /// The state of every input, in the order of the build.
    package var result: ImageLock { found.withLock { $0 } }

    /// The name of the lock file in error messages.
    package var name: String { lock?.file?.string ?? ImageLock.fileName }

    /// Returns an input's state in the lock, or nil without a lock; `place` is its place in image.yaml.
    package func locked(_ input: JSONValue, at place: String) throws -> JSONValue? {
        guard let lock else { return nil }
        if let entry = lock.entries.first(where: { $0.input == input }) { return entry.locked }
        let kind = input["kind"]?.string ?? "input"
        throw Failure("build by \(name)", "it was made before \(place) asked for this \(kind); renew it with --lock")
    }

    /// Records the state of an input.
    package func note(_ input: JSONValue, _ locked: JSONValue) {
        found.withLock { $0.add(ImageLock.Entry(input: input, locked: locked)) }
    }

    /// Returns the error for an input whose state differs from the lock.
    package func mismatch(_ action: String, _ reason: String) -> Failure {
        Failure(action, "\(reason), not what \(name) says; renew it with --lock")
    }
}
