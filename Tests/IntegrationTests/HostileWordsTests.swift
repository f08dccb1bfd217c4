import CloudSupport
import HTTP
import JSON
import POSIX
import SystemPackage
import TestSupport
import Testing

/// Tests that texts of buckets, registries, providers, trainers and images reach a terminal without control sequences.
///
/// Such a text also cannot start a line that looks like one of caasctl's own.
@Suite struct HostileWordsTests {
    private static let words =
        "\u{1B}]0;pwned\u{7}\u{9B}2J\u{7F}\u{202E}\u{2066}\u{61C}\u{2028}\u{FEFF}\u{8}x\r\ncaas: fake"
    private static let run = "demo-20260102-030405-00ff"

    private let user: Stranger
    private var folder: TemporaryFolder { user.folder }

    init() throws { user = try Stranger() }

    /// Runs caasctl, and checks that the output contains no control sequences except colors.
    private func run(
        _ arguments: [String], _ environment: [String: String?] = [:], sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Command.Outcome {
        let outcome = try await user.caasctl(arguments, environment).run()
        for text in [outcome.output, outcome.errors] {
            let plain = text.replacing(#/\u{1B}\[[0-9;:]*m/#, with: "")
            let hidden = plain.unicodeScalars.filter { scalar in
                scalar != "\n" && scalar != "\t" && scalar.properties.generalCategory == .control
                    || scalar.properties.isBidiControl || scalar.value == 0x2028 || scalar.value == 0xFEFF
            }
            #expect(hidden.isEmpty, "\(arguments): \(plain.debugDescription)", sourceLocation: sourceLocation)
            let lines = text.split(separator: "\n")
            #expect(!lines.contains { $0.hasPrefix("caas: fake") }, "\(text)", sourceLocation: sourceLocation)
        }
        return outcome
    }

    @Test func `status and logs`() async throws {
        let words = JSONValue.string(Self.words)
        let double = try await IonetDouble { request, _ in
            guard request.path.hasSuffix("/containers") else { return nil }
            let event: JSONValue = ["time": "2026-01-02T03:04:05", "message": words]
            let worker: JSONValue = [
                "device_id": "d", "container_id": "c1", "status": words, "public_url": "", "container_events": [event],
            ]
            return IonetDouble.json(["data": ["total": 1, "workers": [worker]]])
        }
        double.add(name: Self.run, id: "d1")
        let bucket: JSONValue = ["endpoint": .string("file://\(folder("shared"))"), "name": "runs", "prefix": .null]
        var record: JSONValue = [
            "version": 1, "target": "ionet", "run": .string(Self.run), "created": "2026-01-02T03:04:05Z",
            "api": .string(double.url), "image": words, "hardware": words, "gpus": 8, "hours": 1, "price_usd": 1,
            "port": 8080, "bucket": bucket, "state": "deployed", "deployment_id": "d1", "public_url": .null,
        ]
        try folder.write("home/runs/\(Self.run).json", record.text)
        let status: JSONValue = [
            "run": .string(Self.run), "attempt": 1, "instance": words, "phase": "stages", "reason": words,
            "started": words, "updated": words, "metrics": ["loss": words, Self.words: "1"],
            "checkpoints": .array([words]), "queued_bytes": 0, "stage": words,
        ]
        try folder.write("shared/runs/\(Self.run)/status.json", status.text)
        let lines: [JSONValue] = [
            ["time": "t", "source": "caas", "line": words], ["time": "t", "source": "base", "line": words],
            ["time": "t", "source": words, "line": "\u{1B}[32mcaas: fake"],
            ["time": "t", "source": "base", "line": "\u{1B}[31mred"], words,
        ]
        try folder.write(
            "shared/runs/\(Self.run)/logs/1-1.jsonl", lines.map(\.text).joined(separator: "\n") + "\ncaas: fake\n")
        let environment = ["IOCLOUD_API_KEY": IonetDouble.key, "IOCLOUD_API_URL": double.url]
        let shown = try await run(["status", Self.run], environment)
        #expect(shown.status == 0 && shown.output.contains("\\u{1B}]0;pwned"), "\(shown.errors)")
        #expect(shown.output.split(separator: "\n").allSatisfy { $0.contains(" ") && !$0.hasPrefix("caas") })
        let json = try await run(["status", "--json", Self.run], environment)
        #expect(try JSONValue(parsing: Array(json.output.utf8)).text.contains("pwned"))
        // Where the provider lists no machine, the log is read from the bucket.
        let empty = try await IonetDouble()
        (record["deployment_id"], record["state"], record["api"]) = (.null, "destroyed", .string(empty.url))
        try folder.write("home/runs/\(Self.run).json", record.text)
        let log = try await run(
            ["logs", Self.run], ["IOCLOUD_API_KEY": IonetDouble.key, "IOCLOUD_API_URL": empty.url])
        #expect(log.status == 0 && log.output.contains("\u{1B}[31mred\u{1B}[0m"), "\(log.errors)")
        #expect(
            log.output.contains("| \u{1B}[32mcaas: fake") && log.output.contains("damaged| caas: fake"), "\(log.output)"
        )
        #expect(log.output.split(separator: "\n").filter { $0.hasPrefix("caas: ") }.count == 1)
    }

    @Test func `a provider that refuses`() async throws {
        let words = JSONValue.string(Self.words)
        let double = try await IonetDouble { _, _ in
            IonetDouble.json(["detail": [["loc": [words], "msg": words]]], 422)
        }
        let environment = ["IOCLOUD_API_KEY": IonetDouble.key, "IOCLOUD_API_URL": double.url]
        let outcome = try await run(["runs"], environment)
        #expect(outcome.status == 1 && outcome.errors.contains("pwned"), "\(outcome.errors)")
    }

    @Test func `a registry's tags and refusals`() async throws {
        let words = JSONValue.string(Self.words)
        let server = try await LoopbackServer { request in
            if request.path == "/v2/" { return .answer(200) }
            if request.path.hasSuffix("/tags/list") {
                return .answer(
                    200, ["Content-Type": "application/json"], body: Array(#"{"tags":[\#(words.text)]}"#.utf8))
            }
            let refusal: JSONValue = ["errors": [["code": words, "message": words, "detail": words]]]
            return .answer(400, ["Content-Type": "application/json"], body: refusal.encoded())
        }
        for arguments in [
            ["registry", "tags", "\(server.host)/app"], ["registry", "tags", "\(server.host)/app", "--json"],
        ] {
            let tags = try await run(arguments)
            #expect(tags.status == 1 || tags.output.contains("pwned"), "\(tags.errors)")
        }
        for arguments in [
            ["image", "inspect", "\(server.host)/app:1"], ["image", "verify", "\(server.host)/app:1"],
            ["registry", "rm", "\(server.host)/app:1", "--yes"],
            ["image", "copy", "\(server.host)/app:1", "store:x"],
        ] {
            let outcome = try await run(arguments)
            #expect(outcome.status != 0, "\(arguments) \(outcome.errors)")
        }
        let page = try await LoopbackServer { _ in .answer(500, text: "<b>\(Self.words)</b>") }
        #expect(try await run(["image", "inspect", "\(page.host)/app:1"]).status == 1)
    }

    @Test func `names of objects and of files in images`() async throws {
        let name = Self.words.replacing("/", with: "")
        // YAML allows control characters only as escapes.
        let label =
            "\"" + Self.words.utf16.map { "\\u" + String(String(Int($0) + 0x10000, radix: 16).dropFirst()) }.joined()
            + "\""
        try folder.write("images/evil/files/\(name)", "1")
        try folder.write(
            "images/evil/image.yaml",
            "{name: evil, base: scratch, layers: [{files: {from: files, into: /opt}}], labels: {a: \(label)}, command: [\(label)]}"
        )
        #expect(try await run(["build", "evil", "--output", "oci:out:1"]).status == 0)
        #expect(try await run(["build", "app"]).status == 0)
        for arguments in [
            ["image", "inspect", "evil"], ["image", "inspect", "evil", "--json"], ["image", "files", "-lR", "evil"],
            ["image", "diff", "app", "evil"],
            ["image", "verify", "evil"],
            ["image", "diff", "app", "evil", "--json"], ["storage", "ls", "-R", "images"],
            ["storage", "ls", "-R", "images", "--json"],
            ["storage", "cp", "-r", "images/evil", "copy"], ["image", "files", "evil", "/\(name)"],
            ["storage", "rm", name],
            ["image", "ls"],
            ["image", "inspect", name], ["storage", "cp", "images/evil/files/\(name)", "other"], ["build", name],
        ] {
            let outcome = try await run(arguments)
            if arguments.contains("--json") { _ = try JSONValue(parsing: Array(outcome.output.utf8)) }
        }
    }
}
