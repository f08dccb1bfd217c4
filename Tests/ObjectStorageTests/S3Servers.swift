import HTTP
import Hashing
import ObjectStorage
import POSIX
import Secrets
import SystemPackage
import TestSupport
import Testing

/// The real server that a test uses.
enum ServerKind: CaseIterable, Sendable, CustomTestStringConvertible {
    case swift
    case rclone

    var testDescription: String { self == .swift ? "OpenStack Swift" : "rclone" }
}

/// The real servers of a suite, started before its first test and stopped after its last.
struct S3Servers: Sendable {
    @TaskLocal static var current: S3Servers?

    let swift: SwiftS3Server
    let rclone: RcloneS3Server
    /// rclone behind a proxy that buffers almost nothing of early parts.
    let inOrder: InOrderProxy

    static func server(_ kind: ServerKind) throws -> any S3Server {
        let servers = try #require(current)
        return kind == .swift ? servers.swift : servers.rclone
    }

    /// Creates a client with small parts and short waits; Swift refuses parts under 5 MiB.
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

/// Returns a short form of a content for comparisons, so that a failing one does not print megabytes.
func fingerprint(_ content: [UInt8]?) -> String? {
    content.map { "\($0.count) bytes, SHA-256 \(SHA256.hash($0).hexadecimal)" }
}

/// Returns reproducible pseudorandom bytes.
func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var random = SeededGenerator(seed: seed)
    return random.bytes(count)
}
