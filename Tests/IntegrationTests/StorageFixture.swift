import Hashing
import JSON
import POSIX
import SystemPackage
import TestSupport
import Testing

/// The tests of `caasctl storage`; all suites share two servers, which take seconds to start.
@Suite(.serialized, .storageServers) enum StorageTests {}

/// The real S3 servers that the suites share.
struct StorageServers: Sendable {
    @TaskLocal static var current: StorageServers?

    let swift: SwiftS3Server
    let rclone: RcloneS3Server

    static func server(_ name: String) throws -> any S3Server {
        let servers = try #require(current)
        return name == "swift" ? servers.swift : servers.rclone
    }
}

struct StorageServersTrait: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let servers = try await StorageServers(swift: SwiftS3Server(), rclone: RcloneS3Server())
        defer {
            servers.swift.stop()
            servers.rclone.stop()
        }
        try await StorageServers.$current.withValue(servers) { try await function() }
    }
}

extension Trait where Self == StorageServersTrait {
    static var storageServers: StorageServersTrait { StorageServersTrait() }
}

/// Runs `caasctl storage` in a temporary folder.
struct StorageFixture: Sendable {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// The key prefix of this test in the bucket of the shared servers.
    var prefix: String { folder.path.lastComponent?.string ?? "test" }
    var place: String { "s3://runs/\(prefix)" }

    /// Returns changes that remove all storage variables from the test's environment and set those of the server.
    static func environment(_ server: (any S3Server)?) -> [String: String?] {
        var environment: [String: String?] = [:]
        for name in ["ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "ENDPOINT_URL", "SESSION_TOKEN", "REGION"] {
            environment["R2_\(name)"] = .some(nil)
            environment["AWS_\(name)"] = .some(nil)
        }
        for name in ["R2_BUCKET_NAME", "R2_PREFIX", "R2_ADDRESSING"] { environment[name] = .some(nil) }
        for (name, value) in server?.environment ?? [:] { environment[name] = value }
        return environment
    }

    func storage(
        _ arguments: [String], _ server: (any S3Server)?, _ changes: [String: String?] = [:]
    ) -> Command {
        .caasctl(
            ["storage"] + arguments, in: folder, environment: Self.environment(server).merging(changes) { $1 })
    }

    /// Starts the command concurrently with the test, so that it can be killed.
    func start(_ arguments: [String], _ server: (any S3Server)?, log: String) throws -> RunningProgram {
        var environment = ["CAASCTL_HOME": folder("home").string]
        for (name, value) in Self.environment(server) { environment[name] = value ?? "" }
        return try RunningProgram(
            Checkout.program("caasctl"), ["storage"] + arguments, environment: environment, log: folder(log))
    }

    /// Kills the program as soon as `isSo` returns true; returns false where the program ended before.
    func kill(_ program: RunningProgram, when isSo: () -> Bool) async throws -> Bool {
        _ = try await eventually(every: 0.005) { isSo() || program.status != nil ? true : nil }
        program.signal(9)
        return try #require(try await eventually { program.status }) == 137
    }

    /// Kills the program once it reports that it copies.
    func killWhileCopying(_ program: RunningProgram) async throws -> Bool {
        try await kill(program) { program.printed.contains("copied 0 of 1 files") }
    }

    /// Kills the program once a part's completion is recorded in the folder.
    func killWhileFetching(_ program: RunningProgram, into name: String) async throws -> Bool {
        try await kill(program) {
            let names = ((try? FileSystem.names(in: folder(name))) ?? []).filter { $0.string.hasSuffix(".parts") }
            return names.contains { file in
                let notes = (try? FileSystem.read(folder(name).appending(file))) ?? []
                return notes.count { $0 == UInt8(ascii: "\n") } > 1
            }
        }
    }

    /// Writes a file of random content.
    func makeFile(_ name: String, _ size: Int) async throws {
        let file = folder(name)
        try FileSystem.makeFolder(file.removingLastComponent())
        try await Command("sh", ["-c", "head -c \(size) /dev/urandom >'\(file)'"]).succeed()
    }

    func isSame(_ one: String, _ other: String) async throws -> Bool {
        try await Command("diff", ["-r", folder(one).string, folder(other).string]).run().status == 0
    }

    /// Writes files with names that are easily mishandled.
    func makeTree() async throws {
        for (name, size) in [
            ("tree/a.txt", 3), ("tree/empty", 0), ("tree/with space/plus+percent%25&=", 100),
            ("tree/ünï/文字/deep", 70_000),
            ("tree/large.bin", 18_000_001), ("tree/.hidden", 1),
        ] { try await makeFile(name, size) }
    }

    /// Returns the temporary files in a folder.
    func unfinished(_ name: String) throws -> [String] {
        try FileSystem.names(in: folder(name)).map(\.string).filter { $0.hasPrefix(".caas-") }
    }
}
