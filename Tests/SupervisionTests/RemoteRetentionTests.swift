import RunContract
import Testing

@testable import Supervision

/// Which checkpoints of a stage remain in the bucket.
struct RemoteRetentionTests {
    private typealias Save = (step: Int, attempt: Int, save: Int)

    private static func manifests(_ saves: [Save]) -> [FolderManifest] {
        saves.map { save in
            FolderManifest(
                stage: "base", step: save.step, stepText: "\(save.step)", attempt: save.attempt, save: save.save,
                image: "", created: "", files: [], tree: TreeRecord())
        }
    }

    private static func old(_ saves: [Save], keep: Int?) -> [String] {
        RemoteRetention.old(manifests(saves), keep: keep).map { "\($0.step ?? 0)-\($0.attempt)-\($0.save)" }
    }

    @Test func `the newest steps stay, and without a number all of them`() {
        let saves = (1...5).map { (step: $0, attempt: 1, save: 1) }
        #expect(Self.old(saves.shuffled(), keep: 3) == ["1-1-1", "2-1-1"])
        #expect(Self.old(saves, keep: nil).isEmpty && Self.old(saves, keep: 9).isEmpty && Self.old([], keep: 1).isEmpty)
        #expect(Self.old(saves, keep: 0).count == 4, "one stays whatever is asked for")
    }

    @Test func `a step that two starts have saved is one that stays, not two`() {
        let saves: [Save] = [(4, 1, 1), (5, 1, 1), (6, 1, 1), (6, 2, 1), (7, 2, 1)]
        #expect(Self.old(saves, keep: 3) == ["4-1-1"])
        #expect(Self.old(saves, keep: 2) == ["4-1-1", "5-1-1"])
        let manifests = Self.manifests([(6, 1, 1), (6, 2, 1), (7, 2, 1)])
        #expect(!RemoteRetention.isFull(manifests, before: (5, 1, 1), keep: 3))
        #expect(RemoteRetention.isFull(manifests, before: (5, 1, 1), keep: 2))
        #expect(!RemoteRetention.isFull(manifests, before: (7, 1, 1), keep: 2))
        #expect(!RemoteRetention.isFull(manifests, before: (1, 1, 1), keep: nil))
    }

    @Test func `what one start has saved again replaces what it had saved before`() {
        let saves: [Save] = [(5, 1, 1), (5, 1, 2), (5, 2, 1), (6, 2, 1)]
        #expect(Self.old(saves, keep: nil) == ["5-1-1"])
        #expect(Self.old(saves, keep: 1) == ["5-1-1", "5-1-2", "5-2-1"])
    }
}
