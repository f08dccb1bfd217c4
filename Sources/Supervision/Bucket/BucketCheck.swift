import Hashing
import ObjectStorage
import RunContract

/// The check that the bucket is usable, which is a run's first operation.
struct BucketCheck: Sendable {
    private let location: any StoreLocation
    private let store: any ObjectStore
    private let log: RunLog

    init(_ location: any StoreLocation, _ store: any ObjectStore, log: RunLog) {
        self.location = location
        self.store = store
        self.log = log
    }

    /// Writes, reads and deletes an object; logs the duration and a clock difference of more than 60 seconds.
    func run(_ key: String) async throws(SupervisionError) {
        let started = ContinuousClock.now
        do throws(StorageError) { try await store.prove(key, with: RandomBytes.make(1024)) } catch {
            if error.code == .cancelled { throw .stopped }
            throw SupervisionError(status: RunExit.preflight.rawValue, error.description)
        }
        let seconds = (ContinuousClock.now - started).seconds.rounded(2)
        log.say("\(location) was written, read and cleaned in \(seconds) s")
        let skew = store.clockOffset
        if skew > 60 { log.say("this machine's clock is \(skew) s behind the bucket's") }
        if skew < -60 { log.say("this machine's clock is \(-skew) s ahead of the bucket's") }
    }
}
