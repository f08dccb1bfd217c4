import HTTP
import ImageStore
import OCI
import POSIX
import Registry
import TestSupport
import Testing

/// Deviating registries: each scenario ends with a complete image or one error, and leaks no credentials.
@Suite struct ScenarioTests {
    private static let sizes = [2_000_000, 300_000, 10]
    private static let big = 2_000_000
    private static let part = 400_000

    /// The offsets at which a connection may break, in a request whose body has this many bytes.
    private static func offsets(of count: Int) -> [Int] { [0, 1, count / 2, count - 1, count] }

    private static let uploads: [Scenario] = [
        Scenario("the specification's own registry"),
        Scenario("with a state in the location") { _ in [.statefulLocation] },
        Scenario("with a state in the location, in parts", chunkSize: 400_000) { _ in [.statefulLocation] },
        Scenario("with absolute locations", chunkSize: 400_000) { _ in [.location(isRelative: false)] },
        Scenario("with locations relative to the folder", chunkSize: 400_000) { _ in [.location(isRelative: true)] },
        Scenario("uploads at another host", tokens: .init()) { [.uploads(to: $0)] },
        Scenario("uploads at another host, in parts", tokens: .init(), chunkSize: 400_000) { [.uploads(to: $0)] },
        Scenario("307 for all that is written", tokens: .init()) { [.writing(at: $0, 307)] },
        Scenario("308 for all that is written, in parts", tokens: .init(), chunkSize: 400_000) {
            [.writing(at: $0, 308)]
        },
        Scenario(
            "301 for what is written", push: .error("answered 301; it points to http://127.0.0.1:"), pull: .untried
        ) { [.writing(at: $0, 301)] },
        Scenario("Docker Hub's blobs at another host", tokens: .init(otherChallenges: "Negotiate, ")) {
            [.blobs(from: $0)]
        },
        Scenario("blobs at another host that takes no HEAD", tokens: .init()) { [.blobs(signedForGETAt: $0)] },
        Scenario("ECR", chunkSize: 400_000) { _ in [.ecr] },
        Scenario(
            "GHCR", tokens: .init(lifetime: nil, challengesWithPull: true), chunkSize: 1_500_000,
            push: .whole(again: 1_500_000)
        ) {
            _ in [.ghcr(1_100_000)]
        },
        Scenario("Artifact Registry", chunkSize: 400_000, push: .whole(again: 400_000)) { _ in [.artifactRegistry] },
        Scenario("a least length of parts", chunkSize: 100_000) { _ in [.leastPart(700_000)] },
        Scenario("Quay") { _ in [.quay, .withoutDigests] },
        Scenario(
            "Harbor's quota", push: .error("quota exceeded (DENIED)"), pull: .untried
        ) { _ in
            [
                .always(
                    Habit.isClosing, .answer(403, text: #"{"errors":[{"code":"DENIED","message":"quota exceeded"}]}"#))
            ]
        },
        Scenario("parts that are forgotten", chunkSize: 400_000, push: .whole(again: 800_000)) { _ in [.dropsParts] },
        Scenario("a limit of time", push: .whole(again: 1_100_000)) { _ in
            [.reset(Habit.isClosing, after: 1_000_000, times: .max)]
        },
        Scenario("a limit of time, where what came is kept", push: .whole(again: 100_000)) { _ in
            [.reset(Habit.isClosing, after: 1_000_000, times: .max, isKept: true)]
        },
        Scenario(
            "answers that are lost, of a registry that tells no status", chunkSize: 400_000,
            push: .whole(again: 2_000_000)
        ) { _ in
            [
                .cutAnswer(Habit.method("PATCH"), after: 0, times: 2),
                .always(Habit.method("GET", "/blobs/uploads/"), .refusal(404, "BLOB_UPLOAD_UNKNOWN")),
            ]
        },
        Scenario("a proxy that takes 1.2 MB", push: .whole(again: 1_400_000)) { _ in [.longestBody(1_200_000)] },
        Scenario("a proxy that takes next to nothing", push: .error("cut the layer with 'split'")) { _ in
            [.longestBody(250_000)]
        },
        Scenario("without Docker-Content-Digest") { _ in [.withoutDigests] },
        Scenario("slow answers") { _ in [.slow { $0.path != "/v2/" }] },
    ]

    private static let tokens: [Scenario] = [
        Scenario("access_token alone, without its life", tokens: .init(field: "access_token", lifetime: nil)),
        Scenario("tokens that end after eight requests", tokens: .init(uses: 8), chunkSize: 400_000),
        Scenario("tokens that live for two seconds", tokens: .init(lifetime: 2)),
        Scenario("a challenge without quotes", tokens: .init(isUnquoted: true)),
        Scenario("several challenges", tokens: .init(otherChallenges: #"Negotiate YII=, Basic realm="x, y", "#)),
        Scenario("an identity token", tokens: .init(), isIdentityToken: true),
        Scenario(
            "an identity token, and a server without OAuth2", tokens: .init(knowsPost: false), isIdentityToken: true),
        Scenario("Basic that is asked for late") { _ in
            [
                Habit(before: { request in
                    let isGood = request.headers["Authorization"] == TokenDouble.authorization
                    return isGood || ["GET", "HEAD"].contains(request.method)
                        ? nil : .answer(401, ["WWW-Authenticate": "Basic realm=\"ECR\""])
                })
            ]
        },
        Scenario(
            "a registry that refuses every token", push: .error("asked for repository:app:pull,push"),
            pull: .error("asked for repository:app:pull")
        ) { _ in [.always({ $0.path != "/v2/" }, .answer(401))] },
    ]

    private static let answers: [Scenario] = [
        Scenario("bursts of 503") { _ in
            [.first(2, Habit.method("POST"), .answer(503)), .first(2, Habit.method("GET"), .answer(503))]
        },
        Scenario("500 for a manifest") { _ in [.first(2, Habit.method("PUT", "/manifests/"), .answer(500))] },
        Scenario("502 for a blob", push: .whole(again: 2_300_000)) { _ in
            [.first(1, Habit.isClosing, .answer(502)), .first(1, Habit.method("GET", "/blobs/"), .answer(502))]
        },
        Scenario("416 for what closes an upload", chunkSize: 400_000, pull: .untried) { _ in
            [
                .first(
                    1, { Habit.isClosing($0) && $0.headers["Content-Length"] == "0" },
                    .refusal(416, "BLOB_UPLOAD_INVALID"))
            ]
        },
        Scenario("416 for a whole blob", push: .whole(again: 2_300_000), pull: .untried) { _ in
            [.first(1, Habit.isClosing, .refusal(416, "BLOB_UPLOAD_INVALID"))]
        },
        Scenario("500 for ever", push: .error("answered 500"), pull: .error("answered 500")) { _ in
            [.always({ $0.path.contains("/manifests/") }, .answer(500))]
        },
        Scenario("429 with seconds") { _ in
            [
                .first(1, Habit.method("POST"), .answer(429, ["Retry-After": "1"])),
                .first(1, Habit.method("GET", "/blobs/"), .answer(429, ["Retry-After": "1"])),
            ]
        },
        Scenario("429 with a date", push: .whole(again: 2_300_000)) { _ in
            let late = ServerReply.answer(429, ["Retry-After": Habit.date(in: 1)])
            return [.first(1, Habit.isClosing, late), .first(1, Habit.method("GET", "/manifests/"), late)]
        },
        Scenario("a page for everything", push: .error("answered 200"), pull: .error("answered with no manifest")) {
            _ in
            [.always({ _ in true }, .answer(200, ["Content-Type": "text/html"], text: "<html>Please sign in</html>"))]
        },
        Scenario("blobs that are others", push: .untried, pull: .error("and was thrown away")) { _ in
            [.changing(Habit.method("GET", "/blobs/")) { $0.dropLast() + [($0.last ?? 0) ^ 1] }]
        },
        Scenario("blobs that are too short", push: .untried, pull: .error("and should have")) { _ in
            [.changing(Habit.method("GET", "/blobs/")) { $0.count > 100_000 ? Array($0.dropLast()) : $0 }]
        },
        Scenario("a manifest that is another", push: .untried, pull: .error("and its content is")) { _ in
            [.changing(Habit.method("GET", "/manifests/")) { $0 + [10] }]
        },
        Scenario("blobs that always break", push: .untried, pull: .error("connection")) { _ in
            [
                .cutAnswer(Habit.method("GET", "/blobs/"), after: 30, times: .max)
            ]
        },
    ]

    private static let resets: [Scenario] =
        offsets(of: 300_000).map { offset in
            Scenario(
                "a connection that breaks after \(offset) bytes of a blob", push: .whole(again: 4_000_000),
                pull: .untried
            ) { _ in
                [.reset({ Habit.isClosing($0) && $0.headers["Content-Length"] == "2000000" }, after: offset)]
            }
        }
        + offsets(of: part).map { offset in
            Scenario(
                "a connection that breaks after \(offset) bytes of a part", chunkSize: 400_000,
                push: .whole(again: 400_000), pull: .untried
            ) { _ in [.reset(Habit.method("PATCH"), after: offset)] }
        }
        + [0, 5, 30, 60].flatMap { offset in
            [
                Scenario("an answer to a part that ends after \(offset) bytes", chunkSize: 400_000, pull: .untried) {
                    _ in
                    [.cutAnswer(Habit.method("PATCH"), after: offset, times: 2)]
                },
                Scenario("an answer to a blob that ends after \(offset) bytes", pull: .untried) { _ in
                    [.cutAnswer(Habit.isClosing, after: offset, times: 2)]
                },
                Scenario("answers to everything else that end after \(offset) bytes") { _ in
                    [
                        .cutAnswer(Habit.method("POST"), after: offset),
                        .cutAnswer(Habit.method("HEAD"), after: offset),
                        .cutAnswer(Habit.method("PUT", "/manifests/"), after: offset),
                        .cutAnswer(Habit.method("GET", "/manifests/"), after: offset),
                        .cutAnswer(Habit.method("GET", "/blobs/"), after: offset, times: 3),
                    ]
                },
            ]
        }
        + [300, 150_000, 299_999, 1_999_999, 2_000_100].map { offset in
            Scenario("a download that ends after \(offset) bytes", push: .untried) { _ in
                [.cutAnswer({ $0.method == "GET" && $0.path.contains("/blobs/") }, after: offset, times: 2)]
            }
        }

    private static func tried(
        _ scenarios: [Scenario] = uploads + tokens + answers + resets, _ ending: (Scenario) -> Ending
    ) -> [Scenario] {
        scenarios.filter { scenario in
            if case .untried = ending(scenario) { false } else { true }
        }
    }

    @Test(arguments: tried { $0.push }) func `pushing`(_ scenario: Scenario) async throws {
        try await push(scenario, isMade: false)
    }

    // Without `resets`: a stream that breaks is abandoned in the same way wherever it broke.
    @Test(arguments: tried(uploads + tokens + answers) { $0.push }) func `pushing while it is made`(
        _ scenario: Scenario
    ) async throws {
        try await push(scenario, isMade: true)
    }

    private func push(_ scenario: Scenario, isMade: Bool) async throws {
        let stage = try await Stage(scenario)
        let image = try SampleImage(layers: Self.sizes)
        let reference = try Reference("\(stage.registry.host)/app:1")
        let error = await failure {
            let early = isMade ? try EarlyPush(stage.client, from: image.store, to: reference) : nil
            for layer in image.manifest.layers { try await early?.make(layer, of: image, pieces: 200_000) }
            try await stage.client.push(image.descriptor, from: image.store, to: reference, after: early)
        }
        stage.expectNoLeak()
        switch scenario.push {
        case .untried: break
        case .error(let words):
            let text = try #require(error?.description)
            #expect(text.hasPrefix("cannot push \(reference): ") && text.contains(words), "\(text)")
            expectOneLine(text)
            #expect(stage.registry.repository("app").tags["1"] == nil)
        case .whole(let again):
            #expect(error == nil)
            let there = stage.registry.repository("app")
            let blobs = image.manifest.layers + [image.manifest.config]
            for blob in blobs { #expect(there.blobs[blob.digest.description] == (try image.store.read(blob))) }
            #expect(there.tags["1"] == image.descriptor.digest.description)
            // A stream that broke is discarded, so each blob may be sent once more.
            let total = blobs.reduce(0) { $0 + Int($1.size) }
            let most = total + again + (isMade ? total : 0)
            #expect(stage.registry.received <= most, "\(stage.registry.received - total) bytes again")
        }
    }

    @Test(arguments: tried { $0.pull }) func `pulling`(_ scenario: Scenario) async throws {
        let stage = try await Stage(scenario)
        let image = try SampleImage(layers: Self.sizes)
        try stage.registry.hold(image, as: "1")
        let reference = try Reference("\(stage.registry.host)/app:1")
        let store = try image.emptyStore()
        let error = await failure {
            try await stage.client.pull(reference, platform: .current, into: store)
        }
        stage.expectNoLeak()
        switch scenario.pull {
        case .untried: break
        case .error(let words):
            let text = try #require(error?.description)
            #expect(text.hasPrefix("cannot pull \(reference): ") && text.contains(words), "\(text)")
            expectOneLine(text)
            #expect(!store.contains(image.descriptor))
        case .whole:
            #expect(error == nil)
            for blob in image.manifest.layers + [image.manifest.config] where error == nil {
                #expect(Digest(of: try store.read(blob)) == blob.digest)
            }
        }
    }

    private func failure(_ body: () async throws -> Void) async -> RegistryError? {
        do { try await body() } catch {
            let error = error as? RegistryError
            #expect(error != nil)
            return error
        }
        return nil
    }

    private func expectOneLine(_ text: String) {
        #expect(!text.contains { $0.isNewline } && !text.contains("<"), "\(text)")
        #expect(!text.contains(TokenDouble.password) && !text.contains("secret-token"), "\(text)")
    }
}
