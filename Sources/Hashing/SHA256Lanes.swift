private import CSHA256

/// Several incremental SHA-256 side by side, which one core computes faster than one after the other.
package struct SHA256Lanes: ~Copyable {
    /// The number of lanes worth using on this processor: one where it has no instructions for SHA-256.
    package static let count = caas_sha256_has_instructions() == 0 ? 1 : Int(caas_sha256_most_lanes)

    private let lanes: UnsafeMutablePointer<caas_sha256_lane>

    /// Creates ``count`` lanes; each must be started before use.
    package init() {
        lanes = .allocate(capacity: Self.count)
        lanes.initialize(repeating: caas_sha256_lane(), count: Self.count)
    }

    deinit { lanes.deallocate() }

    /// Starts a lane with an empty message.
    package mutating func start(_ lane: Int) { caas_sha256_start(&lanes[lane]) }

    /// Sets a lane's next bytes, which must stay valid and in place until ``update()``.
    package mutating func lend(_ bytes: UnsafeRawBufferPointer, to lane: Int) {
        lanes[lane].bytes = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        lanes[lane].length = bytes.count
    }

    /// Hashes the bytes that were lent to all lanes.
    package mutating func update() { caas_sha256_update(lanes, Int32(Self.count)) }

    /// Returns the digest of a lane's message, 32 bytes; the lane may be started again.
    package mutating func finish(_ lane: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: SHA256.byteCount) { buffer, count in
            finish(lane, into: UnsafeMutableRawBufferPointer(buffer))
            count = SHA256.byteCount
        }
    }

    /// Writes the digest of a lane's message into at least 32 bytes.
    package mutating func finish(_ lane: Int, into digest: UnsafeMutableRawBufferPointer) {
        precondition(digest.count >= SHA256.byteCount)
        caas_sha256_finish(&lanes[lane], digest.baseAddress)
    }
}
