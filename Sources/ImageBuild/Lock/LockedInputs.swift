import JSON
import Synchronization
import SystemPackage

/// The inputs of one build: what a lock says of them, and what they turn out to be.
final class LockedInputs: Sendable {
    private let lock: ImageLock?
    private let found = Mutex(ImageLock())

    /// Inputs that obey a lock, or are free where there is none.
    init(obeying lock: ImageLock? = nil) { self.lock = lock }

    /// What was found of every input, in the order of the build.
    var result: ImageLock { found.withLock { $0 } }

    /// The name of the lock file, for errors.
    var name: String { lock?.file?.string ?? ImageLock.fileName }

    /// What the lock says of an input, nil where there is no lock; `place` is where image.yaml asks for it.
    func locked(_ input: JSONValue, at place: String) throws(ImageBuildError) -> JSONValue? {
        guard let lock else { return nil }
        if let entry = lock.entries.first(where: { $0.input == input }) { return entry.locked }
        let kind = input["kind"]?.string ?? "input"
        throw ImageBuildError(
            "build by \(name)", "it was made before \(place) asked for this \(kind); renew it with --lock")
    }

    /// Notes what an input is.
    func note(_ input: JSONValue, _ locked: JSONValue) {
        found.withLock { $0.add(ImageLock.Entry(input: input, locked: locked)) }
    }

    /// The error for an input that is not what the lock says.
    func mismatch(_ action: String, _ reason: String) -> ImageBuildError {
        ImageBuildError(action, "\(reason), not what \(name) says; renew it with --lock")
    }
}
