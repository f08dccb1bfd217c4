import HTTP
import POSIX
import Secrets
import SystemPackage
import TestSupport
import Testing

@testable import ObjectStorage

/// After every fault the object is complete and verified, or the error gives advice and a second run succeeds.
@Suite(.serialized) struct MishapTests {
    @Test(arguments: Mishap.allCases)
    func `an upload to R2 gets through, or says what to do and then gets through`(_ mishap: Mishap) async throws {
        let server = try await R2Double()
        let fault = FaultSwitch()
        fault.set(mishap.decide)
        let proxy = try await FaultProxy(server.endpoint) { fault.decide($0) }
        let folder = try TemporaryFolder()
        let journal = folder("journal")
        try await Self.run(mishap, fault, noise((3 << 20) + 99, seed: 31), "key", in: folder) {
            try server.client(endpoint: proxy.endpoint, stallSeconds: mishap.stallSeconds) { $0.journal = journal }
        }
        #expect(server.uploads.values.allSatisfy { $0.parts.count < 4 }, "no whole upload is left behind")
    }

    /// Uploads, repeats a failed upload once, and compares the object's content.
    static func run(
        _ mishap: Mishap, _ fault: FaultSwitch, _ content: [UInt8], _ key: String, in folder: TemporaryFolder,
        _ makeClient: () throws -> S3Client
    ) async throws {
        try FileSystem.write(content, to: folder("in"))
        var object: UploadedObject?
        let first = try makeClient()
        do throws(StorageError) {
            object = try await first.upload(folder("in"), to: key, once: true, progress: nil)
            #expect(mishap.isSurvived)
        } catch {
            #expect(!mishap.isSurvived, "\(error)")
            #expect(error.message.contains(mishap.advice), "\(error)")
        }
        fault.set { _ in .none }
        if object == nil { object = try await makeClient().upload(folder("in"), to: key) }
        let uploaded = try #require(object)
        let reader = try makeClient()
        #expect(try await reader.verify(uploaded))
        try await reader.download(uploaded, to: folder("out"))
        #expect(try fingerprint(FileSystem.read(folder("out"))) == fingerprint(content))
        #expect((try? FileSystem.names(in: folder("journal"))) ?? [] == [])
    }
}

/// The same tests with a real server that refuses what AWS refuses.
@Suite(.serialized, .s3Servers) struct ServerMishapTests {
    @Test(arguments: Mishap.ofConnections)
    func `an upload to a real server gets through, or says what to do and then gets through`(
        _ mishap: Mishap
    ) async throws {
        let server = try S3Servers.server(.swift)
        let fault = FaultSwitch()
        fault.set(mishap.decide)
        let proxy = try await FaultProxy(server.endpoint) { fault.decide($0) }
        let folder = try TemporaryFolder()
        var options = S3Client.Options()
        options.minimumPartSize = 5 << 20
        options.stallSeconds = mishap.stallSeconds
        options.journal = folder("journal")
        let content = noise((10 << 20) + 99, seed: 32)
        try await MishapTests.run(mishap, fault, content, "mishap-\(mishap)", in: folder) { [options] in
            S3Client(
                try BucketLocation(endpoint: proxy.endpoint, bucket: server.bucket),
                credentials: StorageCredentials(
                    accessKeyID: server.accessKeyID, secretAccessKey: Secret(server.secretAccessKey)),
                client: HTTPClient(), policy: .quick, options: options)
        }
    }
}
