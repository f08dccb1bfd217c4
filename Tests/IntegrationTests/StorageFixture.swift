import Hashing
import JSON
import POSIX
import SystemPackage
import TestSupport
import Testing

/// What `caasctl storage` does; all its suites share two servers, which take seconds to start.
@Suite(.serialized, .storageServers) enum StorageTests {}

/// The real servers of these suites.
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

/// `caasctl storage` in a folder of a test's own.
struct StorageFixture: Sendable {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Where in the bucket of the shared servers a test keeps what it makes.
    var prefix: String { folder.path.lastComponent?.string ?? "test" }
    var place: String { "s3://runs/\(prefix)" }

    /// Nothing of the environment that tests run in but what a server needs.
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

    /// Starts it beside the test, so that it can be killed.
    func start(_ arguments: [String], _ server: (any S3Server)?, log: String) throws -> RunningProgram {
        var environment = ["CAASCTL_HOME": folder("home").string]
        for (name, value) in Self.environment(server) { environment[name] = value ?? "" }
        return try RunningProgram(
            Checkout.program("caasctl"), ["storage"] + arguments, environment: environment, log: folder(log))
    }

    /// Kills it as soon as something is so; false where it was done before.
    func kill(_ program: RunningProgram, when isSo: () -> Bool) async throws -> Bool {
        _ = try await eventually(every: 0.005) { isSo() || program.status != nil ? true : nil }
        program.signal(9)
        return try #require(try await eventually { program.status }) == 137
    }

    /// Kills it once it says that it copies.
    func killWhileCopying(_ program: RunningProgram) async throws -> Bool {
        try await kill(program) { program.printed.contains("copied 0 of 1 files") }
    }

    /// Kills it once a part is in the folder for good.
    func killWhileFetching(_ program: RunningProgram, into name: String) async throws -> Bool {
        try await kill(program) {
            let names = ((try? FileSystem.names(in: folder(name))) ?? []).filter { $0.string.hasSuffix(".parts") }
            return names.contains { file in
                let notes = (try? FileSystem.read(folder(name).appending(file))) ?? []
                return notes.count { $0 == UInt8(ascii: "\n") } > 1
            }
        }
    }

    /// A file that nobody has seen before.
    func makeFile(_ name: String, _ size: Int) async throws {
        let file = folder(name)
        try FileSystem.makeFolder(file.removingLastComponent())
        try await Command("sh", ["-c", "head -c \(size) /dev/urandom >'\(file)'"]).succeed()
    }

    func isSame(_ one: String, _ other: String) async throws -> Bool {
        try await Command("diff", ["-r", folder(one).string, folder(other).string]).run().status == 0
    }

    /// Files with names that are easily mistaken.
    func makeTree() async throws {
        for (name, size) in [
            ("tree/a.txt", 3), ("tree/empty", 0), ("tree/with space/plus+percent%25&=", 100),
            ("tree/ünï/文字/deep", 70_000),
            ("tree/large.bin", 18_000_001), ("tree/.hidden", 1),
        ] { try await makeFile(name, size) }
    }

    /// What is under temporary names in a folder.
    func unfinished(_ name: String) throws -> [String] {
        try FileSystem.names(in: folder(name)).map(\.string).filter { $0.hasPrefix(".caas-") }
    }
}
