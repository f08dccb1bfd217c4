import ArgumentParser
import Definitions
import ImageLayers
import ImageStore
import JSON
import OCI
import POSIX
import StepExecution
import SystemPackage
import Terminal
import Wording

/// `caasctl image prune`: removes blobs and cache entries that no image needs.
struct ImagePrune: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Remove unused layers and unfinished work; with --all also the caches.",
        discussion: """
            Keeps every image that caasctl image ls lists, and all data that a running build or push uses. Also \
            removes layers that only make the next build faster, such as those of a Dockerfile's earlier stages.

            caasctl image prune --dry-run
            caasctl image prune --all --older-than 168h
            """)

    @Flag(help: "Also remove the build caches; later builds fill them again.") var all = false
    @Option(
        help: ArgumentHelp("Keep data that was used within this time, as in 30m, 24h or 7d.", valueName: "duration"),
        transform: Age.init)
    var olderThan: Age?
    @Flag(help: "Only show the data that would be removed.") var dryRun = false
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let home = try HomeFolder.open()
        let store = try ImageStore(at: home.appending("store"))
        let (all, dryRun, usedBefore) = (all, dryRun, usedBefore)
        let blobs = try await BlockingThread.run { try store.prune(usedBefore: usedBefore, dryRun: dryRun) }
        var caches = await BlockingThread.run {
            CachePruner(home: home, store: store).prune(all: all, usedBefore: usedBefore, dryRun: dryRun)
        }
        if !dryRun { caches += try await pruneRuns(home, usedBefore) }
        for failure in caches.flatMap(\.failures) { StandardError.print("warning: \(failure)") }
        json ? printJSON(blobs, caches) : printTable(blobs, caches)
    }

    private func pruneRuns(_ home: FilePath, _ usedBefore: Int64) async throws -> [CachePruner.Pruned] {
        let all = all
        let freed = try await BlockingThread.run { try StepCache(home: home).prune(all: all, usedBefore: usedBefore) }
        return freed.folders == 0 ? [] : [.init(name: "run", entries: freed.folders, bytes: freed.bytes)]
    }

    /// The time limit in nanoseconds since 1970; anything used since then is kept.
    private var usedBefore: Int64 {
        olderThan.map { SystemClock.nanoseconds - Int64($0.seconds) * 1_000_000_000 } ?? .max
    }

    private func printTable(_ blobs: PrunedBlobs, _ caches: [CachePruner.Pruned]) {
        let verb = dryRun ? "would be removed" : "removed"
        var table = Table("WHAT", dryRun ? "WOULD GO" : "REMOVED", "BYTES")
        table.append("layers and manifests", "\(blobs.blobs.count)", ByteCount(blobs.bytes).description)
        for cache in caches {
            table.append("cache \(cache.name)", "\(cache.entries)", ByteCount(cache.bytes).description)
        }
        let total = caches.reduce(blobs.bytes) { $0 + $1.bytes }
        print(table, terminator: "")
        StandardError.print("\(ByteCount(total)) \(verb)")
    }

    private func printJSON(_ blobs: PrunedBlobs, _ caches: [CachePruner.Pruned]) {
        let document: JSONValue = [
            "dry_run": .bool(dryRun),
            "blobs": .array(
                blobs.blobs.map { ["digest": .string($0.digest.description), "size": .integer($0.size)] }),
            "caches": .array(
                caches.map {
                    ["name": .string($0.name), "entries": .integer($0.entries), "bytes": .integer($0.bytes)]
                }),
            "bytes": .integer(caches.reduce(blobs.bytes) { $0 + $1.bytes }),
        ]
        print(String(decoding: document.prettyEncoded(), as: UTF8.self), terminator: "")
    }
}
