import HTTP
import POSIX
import SystemPackage
import TestSupport
import Testing

@testable import ObjectStorage

/// The probe of a store, over every kind.
@Suite(.serialized, .s3Servers) struct StoreProbeTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func report(_ store: any ObjectStore, _ location: any StoreLocation) async -> ProbeReport {
        var report = ProbeReport()
        await StoreProbe(store, at: location, below: "/probe//x/", keyID: nil, size: 6 << 20).run(&report)
        return report
    }

    @Test(arguments: StoreKind.allCases)
    func `a good store passes every step, and nothing is left in it`(_ kind: StoreKind) async throws {
        let store = try kind.open(folder)
        let location: any StoreLocation =
            (store as? S3Client).map { $0.location } ?? FolderLocation(folder("store"))
        let report = await report(store, location)
        #expect(report.isGood, "\(report.steps)")
        let steps = report.steps.map(\.name)
        let common = ["place", "list", "write", "read", "write once", "upload", "download", "delete"]
        #expect(steps == common + (kind == .folder ? [] : ["unfinished", "clock"]))
        #expect(try await store.list("probe/").isEmpty)
    }

    @Test func `a folder that is not there fails at the first step`() async throws {
        let report = await report(FileStore(folder("none")), FolderLocation(folder("none")))
        #expect(!report.isGood && report.steps.map(\.name) == ["place", "list"])
    }

    @Test(arguments: StoreKind.allCases)
    func `a store is proved by one object, which is gone after it`(_ kind: StoreKind) async throws {
        let store = try kind.open(folder)
        try await store.prove("proof/a", with: Array("content".utf8))
        #expect(try await store.head("proof/a") == nil)
    }
}
