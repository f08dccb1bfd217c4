import Synchronization

/// Caches the signing key of a day, which is the same for all requests of that day.
final class SigningKeyCache: Sendable {
    private let latest = Mutex<(day: String, key: [UInt8])?>(nil)

    func key(for day: String, _ derive: () -> [UInt8]) -> [UInt8] {
        latest.withLock { latest in
            if let latest, latest.day == day { return latest.key }
            let key = derive()
            latest = (day, key)
            return key
        }
    }
}
