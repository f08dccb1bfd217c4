import ByteText
import RunContract
import SystemPackage
import Testing

@testable import Supervision

/// Simulates scans second by second and checks which checkpoints are complete after each.
@Suite struct CheckpointTrackerTests {
    private static func pattern(settle: Int = 10, ranks: String = "2") throws -> CheckpointPattern {
        var rule = Program.CheckpointRule(
            root: "ck", step: #"model_(\d+)\.pt"#,
            complete: ["model_{step}.pt", "meta_{step}.json", "optim_{step}_rank{rank}.pt"])
        rule.settle = settle
        rule.ranks = ranks
        return try CheckpointPattern(rule, data: "/data") { (text) throws(SupervisionError) in text }
    }

    private static let whole: [String: Int64] = [
        "model_000500.pt": 100, "meta_000500.json": 10, "optim_000500_rank0.pt": 50, "optim_000500_rank1.pt": 50,
    ]

    private static func scan(_ sizes: [String: Int64], at second: Int, modified: Int = 0) -> CheckpointTracker.Scan {
        var files: [ExactText: FileSnapshot] = [:]
        for (index, name) in sizes.keys.sorted().enumerated() {
            files[ExactText(name)] = FileSnapshot(
                size: sizes[name] ?? 0, modified: Int64(modified) * 1_000_000_000, inode: UInt64(index))
        }
        return CheckpointTracker.Scan(
            files: files, moment: start + .seconds(second), time: Int64(second) * 1_000_000_000)
    }

    private static let start = ContinuousClock.now

    @Test func `a whole set counts once it has stood still, and once only`() throws {
        var tracker = CheckpointTracker(try Self.pattern())
        var seen: [Int: [Int]] = [:]
        for second in 0...20 {
            seen[second] = tracker.observe(Self.scan(Self.whole, at: second)) { _ in false }.map(\.step)
        }
        #expect(seen.filter { !$0.value.isEmpty } == [10: [500]])
    }

    @Test func `a file whose name is only spelt otherwise is another file`() throws {
        var rule = Program.CheckpointRule(
            root: "ck", step: #"m_(\d+)\.pt"#, complete: ["m_{step}.pt", "\u{E9}_{step}"])
        rule.settle = 0
        rule.ranks = "1"
        let pattern = try CheckpointPattern(rule, data: "/data") { (text) throws(SupervisionError) in text }
        let other = FileSnapshot(size: 1, modified: 0, inode: 1)
        let files: [ExactText: FileSnapshot] = ["m_1.pt": other, "e\u{301}_1": other]
        #expect(CheckpointTracker(pattern).candidates(in: files).isEmpty)
        #expect(CheckpointTracker(pattern).candidates(in: files.merging(["\u{E9}_1": other]) { $1 }).count == 1)
    }

    struct Torn: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let files: [String: Int64]
    }

    static let torn = [
        Torn(testDescription: "the other rank is missing", files: whole.filter { $0.key != "optim_000500_rank1.pt" }),
        Torn(testDescription: "the model itself is missing", files: whole.filter { $0.key != "model_000500.pt" }),
        Torn(testDescription: "one file is empty", files: whole.merging(["meta_000500.json": 0]) { _, new in new }),
        Torn(
            testDescription: "one file still has its temporary name",
            files: whole.filter { $0.key != "model_000500.pt" }.merging(["model_000500.pt.tmp": 5]) { $1 }),
        Torn(testDescription: "the names stand in another folder", files: ["x/model_000500.pt": 1]),
        Torn(testDescription: "there is nothing", files: [:]),
    ]

    @Test(arguments: torn) func `a torn set never counts, not even after a success`(_ torn: Torn) throws {
        var tracker = CheckpointTracker(try Self.pattern())
        for second in 0...30 { #expect(tracker.observe(Self.scan(torn.files, at: second)) { _ in false }.isEmpty) }
        #expect(tracker.observe(Self.scan(torn.files, at: 31), ending: .success) { _ in false }.isEmpty)
    }

    @Test func `a file that grows begins to settle anew`() throws {
        var tracker = CheckpointTracker(try Self.pattern())
        var files = Self.whole
        var complete: [Int] = []
        for second in 0...30 {
            if second <= 8 { files["model_000500.pt"] = Int64(100 + second) }
            if !tracker.observe(Self.scan(files, at: second), isOpenForWriting: { _ in false }).isEmpty {
                complete.append(second)
            }
        }
        #expect(complete == [18])
    }

    @Test func `what somebody still writes is not complete`() throws {
        var tracker = CheckpointTracker(try Self.pattern())
        for second in 0...15 {
            #expect(tracker.observe(Self.scan(Self.whole, at: second)) { _ in true }.isEmpty)
        }
        #expect(tracker.observe(Self.scan(Self.whole, at: 16)) { _ in false }.map(\.step) == [500])
    }

    @Test func `after a success the last set needs no settling`() throws {
        var tracker = CheckpointTracker(try Self.pattern())
        #expect(tracker.observe(Self.scan(Self.whole, at: 0), ending: .success) { _ in false }.map(\.step) == [500])
    }

    @Test func `after a failure only what had stood still before counts`() throws {
        var fresh = CheckpointTracker(try Self.pattern())
        let justWritten = Self.scan(Self.whole, at: 100, modified: 95)
        #expect(fresh.observe(justWritten, ending: .failure) { _ in false }.isEmpty)
        var old = CheckpointTracker(try Self.pattern())
        let longWritten = Self.scan(Self.whole, at: 100, modified: 80)
        #expect(old.observe(longWritten, ending: .failure) { _ in false }.map(\.step) == [500])
    }

    @Test func `steps that are known are not reported, and the others in order`() throws {
        var files: [String: Int64] = [:]
        for step in [3, 10, 2] {
            files["model_\(step).pt"] = 1
            files["meta_\(step).json"] = 1
            files["optim_\(step)_rank0.pt"] = 1
        }
        let pattern = try Self.pattern(settle: 0, ranks: "1")
        let known = CheckpointTracker(pattern).candidates(in: Self.scan(files, at: 0).files).filter { $0.step == 2 }
        var tracker = CheckpointTracker(pattern, known: known)
        #expect(tracker.observe(Self.scan(files, at: 0)) { _ in false }.map(\.step) == [3, 10])
    }

    @Test(arguments: [true, false]) func `a step that is saved again is reported again`(isKnown: Bool) throws {
        let pattern = try Self.pattern()
        let whole = Self.scan(Self.whole, at: 0)
        var tracker = CheckpointTracker(
            pattern, known: isKnown ? CheckpointTracker(pattern).candidates(in: whole.files) : [])
        #expect(tracker.observe(Self.scan(Self.whole, at: 0)) { _ in false }.isEmpty)
        #expect(tracker.observe(Self.scan(Self.whole, at: 20)) { _ in false }.isEmpty == isKnown)
        #expect(tracker.observe(Self.scan(Self.whole, at: 30)) { _ in false }.isEmpty)
        let again = Self.whole.merging(["model_000500.pt": 101]) { $1 }
        #expect(tracker.observe(Self.scan(again, at: 31)) { _ in false }.isEmpty, "it has not stood still yet")
        #expect(tracker.observe(Self.scan(again, at: 41)) { _ in false }.map(\.step) == [500])
        #expect(tracker.observe(Self.scan(again, at: 60)) { _ in false }.isEmpty)
    }

    @Test func `who cannot see whether somebody writes reports nothing, and all of it later`() throws {
        struct Blind: Error {}
        var tracker = CheckpointTracker(try Self.pattern(settle: 0))
        #expect(throws: Blind.self) {
            try tracker.observe(Self.scan(Self.whole, at: 0)) { _ in throw Blind() }
        }
        #expect(tracker.observe(Self.scan(Self.whole, at: 1)) { _ in false }.map(\.step) == [500])
    }

    static let members: [(String, Int?)] = [
        ("model_000500.pt", 500), ("optim_000500_rank17.pt", 500), ("meta_7.json", 7), ("meta_x.json", nil),
        ("model_1.pt.tmp", nil), ("a/model_1.pt", nil), ("optim_1_rank.pt", nil), ("modelx1ypt", nil),
    ]

    @Test(arguments: members) func `a file's name tells its step`(_ path: String, _ step: Int?) throws {
        #expect(try Self.pattern().memberStep(path) == step)
    }

    static let flags: [(String, Bool)] = [
        ("pos:\t0\nflags:\t0100000\nmnt_id:\t1\n", false), ("pos:\t0\nflags:\t0100001\n", true),
        ("flags:\t02100002\n", true), ("flags:\t0100000\n", false), ("", false),
    ]

    @Test(arguments: flags) func `the kernel's flags tell who writes`(_ text: String, _ isWriting: Bool) {
        #expect(OpenWriters.isWriting(text) == isWriting)
    }
}
