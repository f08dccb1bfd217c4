private import CSHA256

/// Several running SHA-256 side by side, which one core computes faster than one after the other.
package struct SHA256Lanes: ~Copyable {
    /// How many are worth it on this processor: one where it has no instructions for SHA-256.
    package static let count = caas_sha256_has_instructions() == 0 ? 1 : Int(caas_sha256_most_lanes)

    private let lanes: UnsafeMutablePointer<caas_sha256_lane>

    /// As many lanes as ``count``, none of which has begun.
    package init() {
        lanes = .allocate(capacity: Self.count)
        lanes.initialize(repeating: caas_sha256_lane(), count: Self.count)
    }

    deinit { lanes.deallocate() }

    /// Begins a lane with no bytes.
    package mutating func start(_ lane: Int) { caas_sha256_start(&lanes[lane]) }

    /// Says which bytes come next in a lane; they must stay where they are until ``update()``.
    package mutating func lend(_ bytes: UnsafeRawBufferPointer, to lane: Int) {
        lanes[lane].bytes = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        lanes[lane].length = bytes.count
    }

    /// Adds what was lent.
    package mutating func update() { caas_sha256_update(lanes, Int32(Self.count)) }

    /// The digest of everything added to a lane, 32 bytes; it may be started again.
    package mutating func finish(_ lane: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: SHA256.byteCount) { buffer, count in
            finish(lane, into: UnsafeMutableRawBufferPointer(buffer))
            count = SHA256.byteCount
        }
    }

    /// Writes the digest of everything added to a lane where there are 32 bytes of room for it.
    package mutating func finish(_ lane: Int, into digest: UnsafeMutableRawBufferPointer) {
        precondition(digest.count >= SHA256.byteCount)
        caas_sha256_finish(&lanes[lane], digest.baseAddress)
    }
}
