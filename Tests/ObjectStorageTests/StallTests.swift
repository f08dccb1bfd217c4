import POSIX
import SystemPackage
import TestSupport
import Testing

@testable import ObjectStorage

/// Pauses as long as on a real network; most other tests use a second or two.
@Suite struct StallTests {
    private struct Stall: Sendable {
        let name: String
        let fault: Fault
        let isMet: @Sendable (FaultProxy.Request) -> Bool
        /// True where the pause stays far below the limit of 30 seconds even on a busy machine.
        ///
        /// Nothing is sent twice then.
        var isSurelyShort = false

        static let all = [
            Stall(name: "1-second", fault: .delay(1), isMet: isSecondPart, isSurelyShort: true),
            Stall(name: "10-seconds", fault: .delay(10), isMet: isSecondPart, isSurelyShort: true),
            Stall(name: "29-seconds", fault: .delay(29), isMet: isSecondPart),
            // A server may take its time to join the parts.
            Stall(name: "31-seconds-at-complete", fault: .delay(31), isMet: { $0.isComplete }),
            Stall(name: "no-answer", fault: .stall, isMet: isSecondPart),
            // The network delivers the first attempt long after the object is complete.
            Stall(name: "late-part", fault: .delay(33), isMet: isSecondPart),
        ]

        private static func isSecondPart(_ request: FaultProxy.Request) -> Bool {
            request.isPart && request.target.contains("partNumber=2&") && request.asked == 0
        }
    }

    @Test func `up to half a minute costs time and no byte, and more is asked for again`() async throws {
        let folder = try TemporaryFolder()
        let content = noise(3 << 20, seed: 5)
        try FileSystem.write(content, to: folder("in"))
        // All at the same time, so that together they take as long as the longest.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for stall in Stall.all {
                group.addTask {
                    let server = try await R2Double()
                    let proxy = try await FaultProxy(server.endpoint) { stall.isMet($0) ? stall.fault : .none }
                    let client = try server.client(endpoint: proxy.endpoint)
                    let object = try await client.upload(folder("in"), to: stall.name, progress: nil)
                    #expect(try await client.verify(object), "\(stall.name)")
                    #expect(server.object(stall.name)?.content == content, "\(stall.name)")
                    let id = try #require(server.object(stall.name)?.uploadID)
                    let received = server.received(id)
                    #expect(received.keys.sorted() == [1, 2, 3], "\(stall.name)")
                    if stall.isSurelyShort { #expect(received.values.allSatisfy { $0 == 1 }, "\(stall.name)") }
                }
            }
            try await group.waitForAll()
        }
    }
}
