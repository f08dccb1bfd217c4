import CLinux
import POSIX
import SystemPackage
import TestSupport
import Testing

/// Background work that must not slow other processes.
struct BackgroundTests {
    private static var priority: Int32 { getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0) }

    private static let idle: Int32 = 5

    @Test func `only the thread itself gets little, and never nothing`() async throws {
        let before = await BlockingThread.run { Self.priority }
        #expect(await BlockingThread.run(inBackground: true) { Self.priority } == 19)
        #expect(await BlockingThread.run(inBackground: true) { caas_scheduling_policy() } != Self.idle)
        #expect(await BlockingThread.run { Self.priority } == before)
    }

    @Test func `what nobody else wants is the class that runs when nobody else does`() async throws {
        let policies = await withCheckedContinuation { continuation in
            BlockingThread.start {
                let before = caas_scheduling_policy()
                ProcessorShare.leftovers.take()
                continuation.resume(returning: (before, caas_scheduling_policy()))
            }
        }
        #expect(policies.0 != Self.idle && policies.1 == Self.idle)
    }

    private static let hasFincore = ["/usr/bin/fincore", "/bin/fincore"].contains { FileSystem.exists(FilePath($0)) }

    @Test(.enabled(if: hasFincore, "fincore of util-linux-extra tells what the kernel holds"))
    func `the kernel forgets what is dropped`() async throws {
        let folder = try TemporaryFolder()
        let length: Int64 = 1 << 20
        try FileSystem.write([UInt8](repeating: 7, count: Int(length)), to: folder("file"), sync: true)
        let file = try File(folder("file"), .read)
        file.dropCache(offset: 0, length: length)
        let resident = try await Command(
            "fincore", ["--bytes", "--noheadings", "--output", "RES", folder("file").string]
        )
        .succeed().filter(\.isNumber)
        // A file system in memory cannot drop the file from memory.
        let kind = try await Command("stat", ["--file-system", "--format", "%T", folder.path.string]).succeed()
        #expect(resident == "0" || kind == "tmpfs" || kind.contains("overlay"), "\(resident) on \(kind)")
    }
}
