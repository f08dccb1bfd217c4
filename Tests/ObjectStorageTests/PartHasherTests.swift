import CLinux
import Hashing
import POSIX
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import HTTP
@testable import ObjectStorage

/// Hashes of several parts computed side by side.
struct PartHasherTests {
    /// A condition that a test changes while other threads read it.
    private final class Fact: Sendable {
        private let value: Mutex<Bool>
        init(_ value: Bool) { self.value = Mutex(value) }
        var holds: Bool { value.withLock { $0 } }
        func set(_ now: Bool) { value.withLock { $0 = now } }
    }

    /// A file and its bytes.
    private struct Scene: Sendable {
        static let size = 5_000_003

        let folder: TemporaryFolder
        let content: [UInt8]
        let source: SourceFile
        let limits: TransferLimits

        init(isBackground: Bool = false) throws {
            folder = try TemporaryFolder()
            content = noise(Self.size, seed: 3)
            try FileSystem.write(content, to: folder("in"))
            limits = TransferLimits(HTTPClient(), partsAtOnce: 16, isBackground: isBackground)
            source = try SourceFile(folder("in"), limits: limits, doing: "hash")
        }

        func hasher(areOthersReady: @escaping @Sendable () -> Bool = { false }) -> PartHasher {
            PartHasher(limits, areOthersReady: areOthersReady)
        }

        /// Hashes a part and compares the result with the hash of its bytes.
        func check(_ hasher: PartHasher, _ offset: Int, _ length: Int, withMD5: Bool) async throws {
            let hashes = try await hasher.hash(
                source, offset: Int64(offset), length: Int64(length), withMD5: withMD5)
            let bytes = content[offset..<offset + length]
            #expect(hashes.sha256 == SHA256.hash(bytes))
            #expect(hashes.md5 == (withMD5 ? MD5.hash(bytes) : nil))
        }
    }

    @Test(arguments: [false, true])
    func `parts of any length, many at once, get their own hashes`(_ isBackground: Bool) async throws {
        let scene = try Scene(isBackground: isBackground)
        let hasher = scene.hasher()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<150 {
                let offset = Int.random(in: 0..<Scene.size)
                let most = Scene.size - offset
                let length = [0, 1, 63, 64, 65, 131_072, 131_073, most].randomElement() ?? most
                group.addTask {
                    try await scene.check(hasher, offset, min(length, most), withMD5: number.isMultiple(of: 3))
                }
                if number == 70 { scene.limits.leaveBackground() }
            }
            try await group.waitForAll()
        }
    }

    @Test func `a file that becomes shorter fails alone`() async throws {
        let scene = try Scene()
        let other = scene.folder("other")
        try FileSystem.write(scene.content, to: other)
        let shorter = try SourceFile(other, limits: nil, doing: "hash other")
        // Truncates the file in place while it is open.
        _ = try File(other, .replace(mode: 0o644))
        let hasher = scene.hasher()
        async let right: Void = scene.check(hasher, 0, Scene.size, withMD5: true)
        let error = await #expect(throws: StorageError.self) {
            try await hasher.hash(shorter, offset: 0, length: Int64(Scene.size), withMD5: false)
        }
        #expect(error?.code == .changedWhileRead)
        try await right
    }

    @Test func `what may wait waits for company, until nothing else is ready`() async throws {
        guard SHA256Lanes.count > 1 else { return }
        let scene = try Scene()
        let areOthersReady = Fact(true)
        let hasher = scene.hasher { areOthersReady.holds }
        let isDone = Fact(false)
        let patient = Task {
            _ = try await hasher.hash(scene.source, offset: 0, length: 1000, withMD5: false, mayWait: { true })
            isDone.set(true)
        }
        try await Task.sleep(for: .milliseconds(100))
        #expect(!isDone.holds, "others are ready")
        areOthersReady.set(false)
        hasher.start()
        try await patient.value

        areOthersReady.set(true)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<SHA256Lanes.count {
                group.addTask {
                    _ = try await hasher.hash(scene.source, offset: 0, length: 1000, withMD5: false, mayWait: { true })
                }
            }
            try await group.waitForAll()
        }
        // A part that cannot wait starts the waiting parts together with it.
        let along = Task {
            _ = try await hasher.hash(scene.source, offset: 0, length: 1000, withMD5: false, mayWait: { true })
        }
        try await scene.check(hasher, 10, 1000, withMD5: false)
        areOthersReady.set(false)
        hasher.start()
        try await along.value
    }

    /// A file that a thread at idle priority can never read, as on a machine that is always busy.
    private final class StarvingSource: PartSource {
        let source: SourceFile
        private let state = Mutex((isOver: false, starved: 0))

        init(_ source: SourceFile) { self.source = source }

        var action: String { source.action }
        /// The number of reads in which such a thread made no progress.
        var starved: Int { state.withLock { $0.starved } }
        func end() { state.withLock { $0.isOver = true } }

        func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(POSIXError) -> Int {
            if caas_scheduling_policy() == 5 {
                state.withLock { $0.starved += 1 }
                while !state.withLock({ $0.isOver }) { BlockingThread.sleep(milliseconds: 5) }
            }
            return try source.read(into: buffer, at: offset)
        }

        func endsEarly() throws(StorageError) { try source.endsEarly() }
    }

    @Test(arguments: [true, false])
    func `what a thread without a processor has begun, another ends`(_ staysBehind: Bool) async throws {
        let scene = try Scene(isBackground: true)
        let hasher = scene.hasher()
        let source = StarvingSource(scene.source)
        defer { source.end() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<12 {
                group.addTask {
                    let (offset, length) = (number * 100_000, 200_001)
                    let hashes = try await hasher.hash(
                        source, offset: Int64(offset), length: Int64(length), withMD5: number.isMultiple(of: 2))
                    let bytes = scene.content[offset..<offset + length]
                    #expect(hashes.sha256 == SHA256.hash(bytes))
                    #expect(hashes.md5 == (number.isMultiple(of: 2) ? MD5.hash(bytes) : nil))
                }
            }
            for _ in 0..<3000 where source.starved == 0 { try await Task.sleep(for: .milliseconds(10)) }
            if !staysBehind { scene.limits.isUrgent = true }
            try await group.waitForAll()
        }
        #expect(source.starved > 0)
        // The starved thread gets no further parts, and later parts do not wait for it.
        _ = try await hasher.hash(source, offset: 0, length: 1000, withMD5: false)
        let starved = source.starved
        _ = try await hasher.hash(source, offset: 0, length: 2000, withMD5: false)
        #expect(source.starved == starved)
    }
}
