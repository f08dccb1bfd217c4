import CLinux
import POSIX
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import ObjectStorage

/// Processes that are killed during an upload or download, repeatedly, until one of them finishes.
@Suite(.serialized) struct KillTests {
    /// `CAASCTL_KILLS=200` runs the long form.
    private static let kills = ProcessEnvironment.all()["CAASCTL_KILLS"].flatMap { Int($0) } ?? 6
    private static let size = 12 << 20
    /// About a second of work, so that a kill may come at any moment of it.
    private static let speed: Int64 = 16 << 20

    @Test func `kill -9 in an upload loses nothing and sends no part twice`() async throws {
        let server = try await R2Double()
        let folder = try TemporaryFolder()
        let content = noise(Self.size, seed: 21)
        try FileSystem.write(content, to: folder("in"))
        var killed = 0
        var key = ""
        for round in 0..<Self.kills where killed < Self.kills {
            key = "key-\(round)"
            while server.object(key) == nil {
                let kill = UInt32.random(in: 1...900)
                try await Self.beKilled(after: kill, .upload, server, key, in: folder)
                killed += 1
                try #require(killed < 4 * Self.kills + 20, "the upload never comes to its end")
            }
            let object = try #require(server.object(key))
            #expect(fingerprint(object.content) == fingerprint(content))
            #expect(server.repeated(object.uploadID ?? "") == [], "sent again although it was there")
            let begun = server.uploads.filter { $0.value.key == key }
            #expect(!begun.values.contains { !$0.parts.isEmpty }, "no upload with parts was left for another one")
        }
        // An upload killed after its completion but before the journal's removal is found without sending anything.
        let count = server.state.withLock { $0.count }
        let last = try server.client { $0.journal = folder("journal") }
        let object = try await last.upload(folder("in"), to: key)
        #expect(try await last.verify(object))
        #expect(server.state.withLock { $0.count } <= count + 1)
    }

    @Test func `kill -9 in a download keeps what was right`() async throws {
        let server = try await R2Double()
        let folder = try TemporaryFolder()
        let content = noise(Self.size, seed: 22)
        try FileSystem.write(content, to: folder("in"))
        let key = "key"
        let object = try await server.client { $0.journal = folder("journal") }.upload(folder("in"), to: key)
        for _ in 0..<Self.kills {
            var attempt = 0
            while !FileSystem.exists(folder("out")) {
                attempt += 1
                try #require(attempt < 50, "the download never comes to its end")
                let names = try FileSystem.names(in: folder.path).map(\.string)
                #expect(names.filter { $0.hasSuffix(".partial") }.count <= 1)
                try await Self.beKilled(after: UInt32.random(in: 1...900), .download, server, key, in: folder, object)
            }
            #expect(try fingerprint(FileSystem.read(folder("out"))) == fingerprint(content))
            try FileSystem.remove(folder("out"))
        }
    }

    private enum Direction: String, Codable { case upload, download }

    /// Runs a process that does the work and kills itself, before or after it has finished.
    private static func beKilled(
        after milliseconds: UInt32, _ direction: Direction, _ server: R2Double, _ key: String,
        in folder: TemporaryFolder, _ object: UploadedObject? = nil
    ) async throws {
        let (endpoint, path) = (server.endpoint, folder.path.string)
        let parts = object?.parts ?? []
        let token = object?.uploadToken ?? ""
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [
                endpoint = endpoint as String, path = path as String, key = key as String,
                milliseconds = milliseconds as UInt32, parts = parts as [String], token = token as String,
                direction = direction as Direction
            ] in
            let folder = FilePath(path)
            let client = try R2Double.client(of: endpoint) { $0.journal = folder.appending("journal") }
            client.limits.bytesPerSecond = KillTests.speed
            BlockingThread.start {
                BlockingThread.sleep(milliseconds: milliseconds)
                kill(getpid(), SIGKILL)
            }
            switch direction {
            case .upload: _ = try await client.upload(folder.appending("in"), to: key)
            case .download:
                let object = UploadedObject(
                    key: key, size: Int64(KillTests.size), partSize: 1 << 20, parts: parts, uploadToken: token)
                try await client.download(object, to: folder.appending("out"))
            }
            kill(getpid(), SIGKILL)
        }
    }
}
