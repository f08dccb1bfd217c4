import Synchronization
import Testing

@testable import ObjectStorage

/// The order in which parts are transferred.
struct PartOrderTests {
    /// The tasks inside a semaphore, in the order of entry; each stays until the test lets it leave.
    private final class Room: Sendable {
        private struct State {
            var entered: [String] = []
            var leaving: [String: CheckedContinuation<Void, Never>] = [:]
        }

        let semaphore = AsyncSemaphore(holdingBack: true)
        let limit: Mutex<Int>
        private let state = Mutex(State())

        init(_ limit: Int) { self.limit = Mutex(limit) }

        var entered: [String] { state.withLock { $0.entered } }
        var inside: Int { state.withLock { $0.leaving.count } }

        func enter(_ name: String, _ turn: PartTurn) -> Task<Void, any Error> {
            Task {
                try await semaphore.run(name, as: turn, atMost: { [self] in limit.withLock { $0 } }) { _ in
                    await withCheckedContinuation { continuation in
                        state.withLock { state in
                            state.entered.append(name)
                            state.leaving[name] = continuation
                        }
                    }
                }
            }
        }

        func leave(_ name: String) { state.withLock { $0.leaving.removeValue(forKey: name) }?.resume() }
        func look() { semaphore.look { [self] in limit.withLock { $0 } } }

        /// Waits until exactly these tasks have entered, in any order, and gives others the chance to enter wrongly.
        func expect(_ names: [String]) async throws {
            for _ in 0..<3000 where Set(entered) != Set(names) { try await Task.sleep(for: .milliseconds(10)) }
            for _ in 0..<20 { await Task.yield() }
            #expect(Set(entered) == Set(names))
        }
    }

    @Test(arguments: [
        (Int64(1 << 20), 8), (16 << 20, 8), (20 << 20, 6), (128 << 20, 1), (1 << 30, 1),
    ])
    func `parts and bytes ahead are bounded`(_ size: Int64, _ most: Int) {
        let order = PartOrder(partSize: size)
        let standings = (0..<12).map { order.standing(of: $0) }
        #expect(standings.first == .lowest)
        #expect(standings.filter { $0 == .ahead }.count == most)
        #expect(standings.dropFirst(most + 1).allSatisfy { $0 == .tooFarAhead })
    }

    @Test func `the lowest is what has not come, in whatever order others do`() {
        let order = PartOrder(partSize: 1)
        for part in [2, 1, 4] { order.finish(part) }
        #expect(order.lowest == 0)
        order.finish(0)
        #expect(order.lowest == 3)
        order.finish(3)
        #expect(order.lowest == 5)
    }

    @Test func `once a server waits nothing goes ahead, and then more again`() {
        let order = PartOrder(partSize: 1)
        #expect(!order.hold(0), "the lowest waits for nobody")
        #expect(order.hold(3))
        #expect(order.standing(of: 1) == .tooFarAhead && order.standing(of: 0) == .lowest)
        order.finish(0)
        #expect(order.standing(of: 1) == .lowest && order.standing(of: 2) == .ahead)
        #expect(order.standing(of: 3) == .tooFarAhead)
        let free = PartOrder(partSize: 1, isBounded: false)
        #expect(!free.hold(5) && free.standing(of: 5000) == .ahead)
    }

    @Test func `a place is kept for the lowest, and what is too far ahead waits`() async throws {
        let room = Room(3)
        let order = PartOrder(partSize: 1)
        let tasks = [12, 5, 4, 3, 2].map { part in room.enter("\(part)", PartTurn(order: order, part: part)) }
        for _ in 0..<3000 where room.inside < 2 { try await Task.sleep(for: .milliseconds(10)) }
        for _ in 0..<20 { await Task.yield() }
        #expect(room.inside == 2 && !room.entered.contains("12"))
        let lowest = room.enter("0", PartTurn(order: order, part: 0))
        for _ in 0..<3000 where !room.entered.contains("0") { try await Task.sleep(for: .milliseconds(10)) }
        #expect(room.inside == 3)
        for name in ["0", "2", "3", "4", "5"] {
            for _ in 0..<3000 where !room.entered.contains(name) { try await Task.sleep(for: .milliseconds(10)) }
            room.leave(name)
            if let part = Int(name) { order.finish(part) }
            if name == "0" { order.finish(1) }
            room.look()
        }
        for _ in 0..<3000 where !room.entered.contains("12") { try await Task.sleep(for: .milliseconds(10)) }
        room.leave("12")
        for task in tasks + [lowest] { try await task.value }
    }

    @Test func `the lowest enters a full room that became smaller`() async throws {
        let room = Room(4)
        let order = PartOrder(partSize: 1)
        let lowest = room.enter("0", PartTurn(order: order, part: 0))
        try await room.expect(["0"])
        let others = [1, 2, 3].map { part in room.enter("\(part)", PartTurn(order: order, part: part)) }
        try await room.expect(["0", "1", "2", "3"])
        // The part is refused and gives its place back, and the limit drops.
        room.limit.withLock { $0 = 1 }
        room.leave("0")
        try await lowest.value
        let again = room.enter("again", PartTurn(order: order, part: 0))
        try await room.expect(["0", "1", "2", "3", "again"])
        for name in ["again", "1", "2", "3"] { room.leave(name) }
        for task in others + [again] { try await task.value }
    }

    @Test func `the part that its file waits for comes before others' early ones`() async throws {
        let room = Room(1)
        let (old, new) = (PartOrder(partSize: 1), PartOrder(partSize: 1))
        let first = room.enter("old 0", PartTurn(order: old, part: 0))
        try await room.expect(["old 0"])
        let early = room.enter("old 1", PartTurn(order: old, part: 1))
        let awaited = room.enter("new 0", PartTurn(order: new, part: 0))
        for _ in 0..<100 { await Task.yield() }
        #expect(room.entered == ["old 0"])
        room.leave("old 0")
        try await room.expect(["old 0", "new 0"])
        room.leave("new 0")
        old.finish(0)
        new.finish(0)
        room.look()
        try await room.expect(["old 0", "new 0", "old 1"])
        room.leave("old 1")
        for task in [first, early, awaited] { try await task.value }
    }
}
