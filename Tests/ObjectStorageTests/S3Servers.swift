import HTTP
import Hashing
import ObjectStorage
import POSIX
import Secrets
import SystemPackage
import TestSupport
import Testing

/// Which of the two real servers a test speaks to.
enum ServerKind: CaseIterable, Sendable, CustomTestStringConvertible {
    case swift
    case rclone

    var testDescription: String { self == .swift ? "OpenStack Swift" : "rclone" }
}

/// The real servers of a suite: started before its first test, ended after its last.
struct S3Servers: Sendable {
    @TaskLocal static var current: S3Servers?

    let swift: SwiftS3Server
    let rclone: RcloneS3Server
    /// rclone behind a server that keeps next to nothing of what comes early.
    let inOrder: InOrderProxy

    static func server(_ kind: ServerKind) throws -> any S3Server {
        let servers = try #require(current)
        return kind == .swift ? servers.swift : servers.rclone
    }

    /// Small parts and waits, for tests; Swift takes no part under 5 MiB.
    static func client(
        _ kind: ServerKind, secret: String? = nil, policy: RetryPolicy = .quick
    ) throws -> S3Client {
        try client(server(kind), secret: secret, policy: policy)
    }

    static func client(
        _ server: any S3Server, endpoint: String? = nil, secret: String? = nil, policy: RetryPolicy = .quick,
        stallSeconds: Int = 30
    ) throws -> S3Client {
        var options = S3Client.Options()
        options.minimumPartSize = 5 << 20
        options.stallSeconds = stallSeconds
        return S3Client(
            try BucketLocation(endpoint: endpoint ?? server.endpoint, bucket: server.bucket),
            credentials: StorageCredentials(
                accessKeyID: server.accessKeyID, secretAccessKey: Secret(secret ?? server.secretAccessKey)),
            client: HTTPClient(), policy: policy, options: options)
    }
}

extension RetryPolicy {
    static let quick = RetryPolicy(attempts: 4, firstBound: 0.05, lastBound: 0.2)
}

struct S3ServersTrait: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let rclone = try await RcloneS3Server()
        let servers = try await S3Servers(
            swift: SwiftS3Server(), rclone: rclone, inOrder: InOrderProxy(rclone.endpoint, mostAhead: 1 << 20))
        defer {
            servers.swift.stop()
            servers.rclone.stop()
        }
        try await S3Servers.$current.withValue(servers) { try await function() }
    }
}

extension Trait where Self == S3ServersTrait {
    static var s3Servers: S3ServersTrait { S3ServersTrait() }
}

/// What stands for a long content in a comparison, so that one that fails does not print megabytes.
func fingerprint(_ content: [UInt8]?) -> String? {
    content.map { "\($0.count) bytes, SHA-256 \(SHA256.hash($0).hexadecimal)" }
}

/// Bytes that look like nothing else and are the same each time.
func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var random = SeededGenerator(seed: seed)
    return random.bytes(count)
}
