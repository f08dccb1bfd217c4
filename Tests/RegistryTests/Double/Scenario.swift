import HTTP
import ImageStore
import JSON
import OCI
import Registry
import Secrets
import TestSupport
import Testing

/// The expected outcome of a push or pull.
enum Ending: Sendable {
    /// A complete, verified image; at most `again` bytes of blobs were transferred twice.
    case whole(again: Int = 0)
    /// An error whose text contains this.
    case error(String)
    /// The scenario does not run in this direction.
    case untried
}

/// A deviating registry, with the expected outcomes.
struct Scenario: Sendable, CustomTestStringConvertible {
    var name: String
    /// The deviations from the specification; the argument is the storage server.
    var habits: @Sendable (LoopbackServer) -> [Habit]
    var tokens: TokenDouble.Manner?
    var isIdentityToken = false
    var chunkSize: Int64?
    var push: Ending
    var pull: Ending

    init(
        _ name: String, tokens: TokenDouble.Manner? = nil, isIdentityToken: Bool = false, chunkSize: Int64? = nil,
        push: Ending = .whole(), pull: Ending = .whole(),
        habits: @escaping @Sendable (LoopbackServer) -> [Habit] = { _ in [] }
    ) {
        self.name = name
        self.habits = habits
        self.tokens = tokens
        self.isIdentityToken = isIdentityToken
        self.chunkSize = chunkSize
        self.push = push
        self.pull = pull
    }

    var testDescription: String { name }
}

final class Stage: Sendable {
    let tokens: TokenDouble?
    let storage: LoopbackServer
    let registry: StrictRegistry
    let client: RegistryClient

    init(_ scenario: Scenario) async throws {
        let behind = Shared<StrictRegistry?>(nil)
        // Like S3, it accepts either a signature in the query or Authorization, but not both.
        storage = try await LoopbackServer { request in
            guard request.headers["Authorization"] == nil else { return .answer(400, text: "InvalidRequest") }
            if request.method == "HEAD", request.target.contains("SignedMethod=GET") {
                return .answer(403, text: "SignatureDoesNotMatch")
            }
            guard let registry = behind.withLock({ $0 }) else { return .answer(500) }
            return registry.answer(request)
        }
        var habits = scenario.habits(storage)
        if let manner = scenario.tokens {
            let tokens = try await TokenDouble(manner)
            self.tokens = tokens
            habits.insert(tokens.habit, at: 0)
        } else {
            tokens = nil
        }
        let registry = try await StrictRegistry(habits)
        behind.withLock { $0 = registry }
        self.registry = registry
        var credentials = RegistryCredentials.none
        let password = Secret(TokenDouble.password)
        if scenario.isIdentityToken {
            let folder = try TemporaryFolder()
            let file = try folder.write(
                "config.json",
                #"{"auths":{"\#(registry.host)":{"identitytoken":"\#(TokenDouble.password)","auth":"bWU6"}}}"#)
            credentials = RegistryCredentials(configuration: file)
            // Fails here rather than in the scenario if the file cannot be read.
            _ = try await credentials.login(for: registry.host, repository: "app")
            client = RegistryClient(credentials: credentials, retries: .quick, chunkSize: scenario.chunkSize)
            keptFolder = folder
        } else {
            credentials.add(.password(user: "me", password, from: "a test"), for: registry.host)
            client = RegistryClient(credentials: credentials, retries: .quick, chunkSize: scenario.chunkSize)
            keptFolder = nil
        }
    }

    private let keptFolder: TemporaryFolder?

    /// Checks that only the token server received the password, and only the registry a token.
    func expectNoLeak() {
        #expect(storage.requests.allSatisfy { $0.headers["Authorization"] == nil })
        guard let tokens else { return }
        #expect(registry.server.requests.allSatisfy { $0.headers["Authorization"]?.hasPrefix("Basic") != true })
        #expect(tokens.server.requests.allSatisfy { $0.headers["Authorization"]?.hasPrefix("Bearer") != true })
    }
}

extension StrictRegistry {
    /// Stores an image as a push would.
    func hold(_ image: SampleImage, as tag: String) throws {
        let manifest = try image.store.read(image.descriptor)
        var blobs: [String: [UInt8]] = [:]
        for blob in image.manifest.layers + [image.manifest.config] {
            blobs[blob.digest.description] = try image.store.read(blob)
        }
        let digest = image.descriptor.digest.description
        let (json, kept) = (try JSONValue(parsing: manifest), blobs)
        change { content in
            content.repositories["app"] = Repository(
                blobs: kept,
                manifests: [digest: Manifest(type: "\(MediaType.imageManifest)", bytes: manifest, json: json)],
                tags: [tag: digest])
        }
    }
}
