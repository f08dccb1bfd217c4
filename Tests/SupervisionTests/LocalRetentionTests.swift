import ByteText
import POSIX
import RunContract
import SystemPackage
import TestSupport
import Testing

@testable import Supervision

/// Which checkpoints are deleted from the disk.
struct LocalRetentionTests {
    @Test func `what nobody vouches for stays, and pushes nothing out that is safe`() throws {
        let folder = try TemporaryFolder()
        for step in 1...5 { try folder.write("ck/model_\(step).bin", "weights of \(step)") }
        var rule = Program.CheckpointRule(root: "ck", step: #"model_(\d+)\.bin"#, complete: ["model_{step}.bin"])
        (rule.ranks, rule.keepLocal) = ("1", 2)
        let pattern = try CheckpointPattern(rule, data: folder.path) { (text) throws(SupervisionError) in text }
        let sets = CheckpointTracker(pattern).candidates(in: FolderScan(pattern.root).files)
        var safe: [Int: [ExactText: FileSnapshot]] = [:]
        for set in sets where set.step <= 3 { safe[set.step] = set.files }
        LocalRetention.apply(pattern, safe: safe)
        #expect(try Self.left(in: folder) == [2, 3, 4, 5])
        // Step 3 is saved again and not uploaded yet.
        try folder.write("ck/model_3.bin", "other weights")
        for set in sets where set.step == 4 { safe[4] = set.files }
        LocalRetention.apply(pattern, safe: safe)
        #expect(try Self.left(in: folder) == [2, 3, 4, 5])
        for set in sets where set.step == 5 { safe[5] = set.files }
        LocalRetention.apply(pattern, safe: safe)
        #expect(try Self.left(in: folder) == [3, 4, 5])
    }

    private static func left(in folder: TemporaryFolder) throws -> [Int] {
        try FileSystem.names(in: folder("ck")).compactMap { Int($0.string.filter(\.isNumber)) }.sorted()
    }
}
