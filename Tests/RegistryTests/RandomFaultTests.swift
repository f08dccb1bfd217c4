import HTTP
import ImageStore
import OCI
import Registry
import TestSupport
import Testing

/// Random transient faults in any order: the complete image arrives, and no other result is reported.
@Suite struct RandomFaultTests {
    private static let retries = RetryPolicy(attempts: 12, firstBound: 0.002, lastBound: 0.01)

    /// The kinds of faults; one request in three has one.
    private enum Fault: CaseIterable, Sendable {
        case resetAtOnce, resetInBody, resetInBodyKept, busy, broken, loseAnswer, cutAnswer
    }

    private static func habits(_ seed: UInt64) -> [Habit] {
        let generator = Shared(SeededGenerator(seed: seed))
        @Sendable func draw(_ wanted: [Fault]) -> Fault? {
            generator.withLock { generator in
                guard Int.random(in: 0..<100, using: &generator) < 33 else { return nil }
                let fault = Fault.allCases.randomElement(using: &generator)
                return fault.flatMap { wanted.contains($0) ? $0 : nil }
            }
        }
        func breaking(_ fault: Fault, isKept: Bool) -> Habit {
            Habit(
                interrupt: { request in
                    let isMiddle = request.body.count > 20_000 && request.body.count < 400_000
                    return isMiddle && draw([fault]) != nil ? .close : nil
                }, keepsInterrupted: isKept)
        }
        let cut = Habit(
            before: { _ in
                switch draw([.resetAtOnce, .busy, .broken]) {
                case .resetAtOnce: .close
                case .busy: .answer(429, ["Retry-After": "0"])
                case .broken: .answer(503)
                default: nil
                }
            },
            after: { request, reply in
                guard let fault = draw([.loseAnswer, .cutAnswer]) else { return reply }
                let bytes = fault == .loseAnswer ? 0 : generator.withLock { Int.random(in: 1..<200_000, using: &$0) }
                return Habit.cutAnswer({ _ in true }, after: bytes).after(request, reply)
            })
        return [breaking(.resetInBody, isKept: false), breaking(.resetInBodyKept, isKept: true), cut]
    }

    private static let seeds: ClosedRange<UInt64> = 1...4

    @Test(arguments: seeds, [nil, 150_000]) func `pushing`(seed: UInt64, chunkSize: Int64?) async throws {
        let registry = try await StrictRegistry(Self.habits(seed))
        let image = try SampleImage(layers: [700_000, 90_000, 10])
        let client = RegistryClient(credentials: .none, retries: Self.retries, chunkSize: chunkSize)
        let reference = try Reference("\(registry.host)/app:1")
        let early = seed.isMultiple(of: 2) ? try EarlyPush(client, from: image.store, to: reference) : nil
        for layer in image.manifest.layers { try await early?.make(layer, of: image, pieces: 60_000) }
        try await client.push(image.descriptor, from: image.store, to: reference, after: early)
        let there = registry.repository("app")
        for blob in image.manifest.layers + [image.manifest.config] {
            #expect(there.blobs["\(blob.digest)"] == (try image.store.read(blob)))
        }
        #expect(there.tags["1"] == "\(image.descriptor.digest)")
    }

    @Test(arguments: seeds) func `pulling`(seed: UInt64) async throws {
        let registry = try await StrictRegistry(Self.habits(seed))
        let image = try SampleImage(layers: [700_000, 90_000, 10])
        try registry.hold(image, as: "1")
        let client = RegistryClient(credentials: .none, retries: Self.retries)
        let store = try image.emptyStore()
        try await client.pull(try Reference("\(registry.host)/app:1"), platform: .current, into: store)
        for blob in image.manifest.layers + [image.manifest.config] {
            #expect(Digest(of: try store.read(blob)) == blob.digest)
        }
    }
}
