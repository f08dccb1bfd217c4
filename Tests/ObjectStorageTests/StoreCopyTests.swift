import HTTP
import POSIX
import Secrets
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import ObjectStorage

/// Copies between stores of every kind, each pair of kinds in both directions.
@Suite(.serialized, .s3Servers) struct StoreCopyTests {
    /// The kinds between which files are copied.
    enum Kind: CaseIterable, Sendable { case swift, rclone, folder }

    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(arguments: Kind.allCases, Kind.allCases)
    func `each kind of store is copied to each`(_ source: Kind, _ target: Kind) async throws {
        let (from, to) = (try place("from", source), try place("to", target))
        let contents = ["a": noise(0), "b/c": noise(70_000), "b/ü d": noise(6 << 20), "e": noise(17 << 20)]
        for (key, content) in contents {
            try FileSystem.write(content, to: folder("in"))
            _ = try await from.store.upload(folder("in"), to: from.key + key)
        }
        let first = try await copy(from, to, jobs: 3)
        #expect(first.failures.isEmpty && first.seen.copied.count == 4 && first.seen.found.isEmpty)
        for (key, content) in contents {
            _ = try await to.store.fetch(to.key + key, to: folder("out"), progress: nil)
            #expect(fingerprint(try FileSystem.read(folder("out"))) == fingerprint(content), "\(key)")
        }
        let second = try await copy(from, to, jobs: 3)
        #expect(second.failures.isEmpty && second.seen.copied.count + second.seen.found.count == 4)
        // Between two services nothing says that large objects are the same.
        #expect(second.seen.found.count == 4 || (source != target && source != .folder && target != .folder))
        try await clear(from, to)
    }

    @Test(arguments: Kind.allCases)
    func `what is there stays where nothing may be overwritten`(_ target: Kind) async throws {
        let (from, to) = (try place("from", .folder), try place("to", target))
        for (key, text) in [("a", "new"), ("b", "new")] {
            try await from.store.put(from.key + key, Array(text.utf8), contentType: "text/plain")
        }
        try await to.store.put(to.key + "a", Array("old".utf8), contentType: "text/plain")
        let result = try await copy(from, to, noOverwrite: true)
        #expect(result.failures.map(\.code) == [.preconditionFailed] && result.seen.copied.count == 1)
        #expect(try await to.store.get(to.key + "a", limit: 9) == Array("old".utf8))
        #expect(try await to.store.get(to.key + "b", limit: 9) == Array("new".utf8))
        try await clear(from, to)
    }

    @Test(arguments: Kind.allCases)
    func `one file that cannot be read leaves the others copied`(_ target: Kind) async throws {
        let (from, to) = (try place("from", .folder), try place("to", target))
        for key in ["a", "gone", "z"] {
            try await from.store.put(from.key + key, Array(key.utf8), contentType: "text/plain")
        }
        let plan = try await plan(from, to)
        try await from.store.delete(from.key + "gone")
        let seen = Observer()
        let failures = try await StoreCopy(plan, noOverwrite: false, jobs: 2, observer: seen).run()
        #expect(failures.count == 1 && failures.first?.description.contains("gone") == true, "\(failures)")
        #expect(seen.copied.count == 2)
        try await clear(from, to)
    }

    @Test func `an unreachable service ends the copy`() async throws {
        let from = try place("from", .folder)
        for key in ["a", "b"] { try await from.store.put(from.key + key, [1], contentType: "text/plain") }
        let server = try S3Servers.server(.rclone)
        let gone = try S3Servers.client(server, endpoint: "http://127.0.0.1:1", policy: RetryPolicy(attempts: 1))
        let to = OpenStore(store: gone, base: "s3://gone/", key: "")
        let error = await #expect(throws: StorageError.self) { try await copy(from, to) }
        #expect(error?.code == .unreachable)
    }

    // MARK: Fixture

    /// Returns a place of its own in a store of a kind.
    private func place(_ name: String, _ kind: Kind) throws -> OpenStore {
        switch kind {
        case .swift: return OpenStore(store: try S3Servers.client(.swift), base: "s3://", key: "copies/\(name)/")
        case .rclone: return OpenStore(store: try S3Servers.client(.rclone), base: "s3://", key: "copies/\(name)/")
        case .folder:
            try FileSystem.makeFolder(folder(name))
            return OpenStore(store: FileStore(folder(name)), base: "file://\(folder(name))/", key: "")
        }
    }

    private func plan(_ from: OpenStore, _ to: OpenStore) async throws -> CopyPlan {
        try await CopyPlan(everythingBelow: from, to: to, links: .refuse)
    }

    private func copy(
        _ from: OpenStore, _ to: OpenStore, noOverwrite: Bool = false, jobs: Int = 16
    ) async throws -> (failures: [StorageError], seen: Observer) {
        let seen = Observer()
        let copy = StoreCopy(try await plan(from, to), noOverwrite: noOverwrite, jobs: jobs, observer: seen)
        return (try await copy.run(), seen)
    }

    private func clear(_ places: OpenStore...) async throws {
        for place in places {
            for object in try await place.store.list(place.key) { try await place.store.delete(object.key) }
        }
    }
}

/// Records what a copy reports.
private final class Observer: CopyObserver {
    private let state = Mutex<(copied: [Int], found: [Int])>(([], []))

    var copied: [Int] { state.withLock { $0.copied } }
    var found: [Int] { state.withLock { $0.found } }

    func moved(_ index: Int, _ bytes: Int64) {}
    func checked(_ name: String, _ bytes: Int64, of size: Int64) {}
    func copied(_ index: Int, size: Int64, moved: Int64, isProved: Bool) { state.withLock { $0.copied.append(index) } }
    func found(_ index: Int, size: Int64) { state.withLock { $0.found.append(index) } }
}
