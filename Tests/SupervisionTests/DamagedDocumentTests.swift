import JSON
import ObjectStorage
import RunContract
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Supervision

/// Small documents that are damaged on the way from the bucket.
@Suite struct DamagedDocumentTests {
    /// A file store that returns damaged content for the first few reads.
    private final class Damaging: WrappedStore {
        let left: Mutex<Int>
        let wrapped: FileStore
        init(_ folder: FilePath, times: Int) {
            wrapped = FileStore(folder)
            left = Mutex(times)
        }

        func get(_ key: String, limit: Int) async throws(StorageError) -> [UInt8]? {
            guard let bytes = try await wrapped.get(key, limit: limit) else { return nil }
            let isDamaged = left.withLock { left in
                left -= 1
                return left >= 0
            }
            return isDamaged ? Array(bytes.dropLast(2)) : bytes
        }
    }

    private let folder: TemporaryFolder
    private let layout: BucketLayout

    init() throws {
        folder = try TemporaryFolder()
        layout = BucketLayout(prefix: nil, run: try RunID("damaged-20260102-030405-abcd"))
    }

    private func ownership(damaging times: Int) -> RunOwnership {
        let runState = RunState(run: "damaged-20260102-030405-abcd", stages: [])
        return RunOwnership(Damaging(folder.path, times: times), layout: layout, runState: runState)
    }

    @Test func `a start knows the one before it, and itself, also where answers come damaged`() async throws {
        #expect(try await ownership(damaging: 0).claim(instance: "first").attempt == 1)
        #expect(try await ownership(damaging: 2).claim(instance: "second").attempt == 2)
        // status.json is read up to three times per look: the first look gets two damaged answers, the second none.
        #expect(try await ownership(damaging: 2).claim(instance: "third").attempt == 3)
    }

    @Test func `what never comes back whole is the bucket's fault, and no other container's`() async throws {
        let error = await #expect(throws: SupervisionError.self) {
            try await ownership(damaging: .max).claim(instance: "first")
        }
        #expect(error?.status == RunExit.preflight.rawValue)
        #expect(error?.description.contains("status.json") == true, "\(error.debugDescription)")
    }

    @Test(arguments: [(2, true), (3, false)])
    func `a document is asked for three times`(damaged: Int, isRead: Bool) async throws {
        let store = Damaging(folder.path, times: damaged)
        try await store.put("a.json", Array(#"{"a":1}"#.utf8), contentType: "application/json")
        let found = try await store.document("a.json", limit: 100) { json in json }
        #expect((try? found?.get()) == (isRead ? ["a": 1] : nil))
        #expect(found != nil)
        #expect(try await store.document("b.json", limit: 100) { json in json } == nil)
    }
}
