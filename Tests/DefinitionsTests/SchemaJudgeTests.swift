import JSON
import SystemPackage
import TestSupport
import Testing

@testable import Definitions
import Wording

/// The schemas are judged by another program: Python's jsonschema.
@Suite struct SchemaJudgeTests {
    @Test(arguments: Page.all) func `every example and every file of the repository fits its schema`(
        page: Page
    ) async throws {
        var texts = try page.examples()
        for file in try Self.files(page.kind) { texts.append(try Page.text(file)) }
        for (text, errors) in zip(texts, try await Self.judge(texts, page.kind)) {
            #expect(errors.isEmpty, "\(text)")
        }
    }

    @Test(arguments: Page.all) func `what the decoder refuses by its shape, the schema refuses`(
        page: Page
    ) async throws {
        let texts = try #require(Self.mistakes[page.kind])
        for (text, errors) in zip(texts, try await Self.judge(texts, page.kind)) {
            #expect(throws: Failure.self, "\(text)") { try page.decode(text, FilePath(page.file)) }
            #expect(!errors.isEmpty, "\(text)")
        }
    }

    @Test(arguments: Page.all) func `what the decoder accepts, the schema accepts`(page: Page) async throws {
        let texts = try #require(Self.oddities[page.kind])
        for (text, errors) in zip(texts, try await Self.judge(texts, page.kind)) {
            do { try page.decode(text, FilePath(page.file)) } catch { Issue.record("\(error)") }
            #expect(errors.isEmpty, "\(text)")
        }
    }

    /// The decoder of a manifest leaves its resources to the target.
    @Test func `the resources of io.net have its keys, and those of other targets have any`() async throws {
        func manifest(_ target: String, _ resources: String) -> String {
            "name: a\ntarget: \(target)\nimage: b\nresources: \(resources)\n"
        }
        let texts = [
            manifest("ionet", "{gpu: H100, hours: 6}"), manifest("ionet", "{hardware_id: 27, hours: \"${HOURS}\"}"),
            manifest("local", "{}"), manifest("other", "{size: big}"),
            manifest("ionet", "{gpu: H100}"), manifest("ionet", "{hours: 6}"),
            manifest("ionet", "{gpu: H100, hours: six}"), manifest("ionet", "{gpu: H100, hours: 6, region: US}"),
            manifest("ionet", "H100"), "name: a\ntarget: ionet\nimage: b\n",
        ]
        let verdicts = try await Self.judge(texts, .manifest).map(\.isEmpty)
        #expect(verdicts == [true, true, true, true, false, false, false, false, false, false])
    }

    private static func files(_ kind: FileSchema) throws -> [FilePath] {
        switch kind {
        case .image: try ExamplesTests.files(in: "images", ending: "").map { $0.appending("image.yaml") }
        case .program: try ExamplesTests.files(in: "entrypoints")
        case .manifest: try ExamplesTests.files(in: "manifests")
        }
    }

    /// Returns the errors of each document.
    private static func judge(_ texts: [String], _ kind: FileSchema) async throws -> [[JSONValue]] {
        let documents = try texts.map { try YAMLValue(parsing: $0, file: "\(kind)").asEditorsReadIt }
        let order: JSONValue = ["schema": kind.document, "documents": .array(documents)]
        let answer = try await Command(Checkout.python, ["-c", program]).succeed(input: order.text)
        let errors = try #require(try JSONValue(parsing: answer).array)
        try #require(errors.count == texts.count)
        return errors.map { $0.array ?? [] }
    }

    private static let program = """
        import json, sys
        from jsonschema import Draft202012Validator
        order = json.load(sys.stdin)
        Draft202012Validator.check_schema(order["schema"])
        judge = Draft202012Validator(order["schema"])
        print(json.dumps([[error.message for error in judge.iter_errors(document)] for document in order["documents"]]))
        """

    private static let mistakes: [FileSchema: [String]] = [
        .image: [
            "name: a", "name: A\nbase: scratch", "name: a\nbase: scratch\nlayer: []",
            "name: a\nbase: scratch\nports: 1",
            "name: a\nbase: scratch\nports: [70000]", "name: a\nbase: scratch\nlayers: [{files: {from: b, into: c}}]",
            "name: a\nbase: scratch\nlayers: [{files: {from: b, into: /c/../d}}]",
            "name: a\nbase: scratch\nlayers: [{files: {from: b, into: /c, mtime: now}}]",
            "name: a\nbase: scratch\nlayers: [{archive: {from: b, into: /c}, files: {from: b, into: /c}}]",
            "name: a\nbase: scratch\nprogram: b\ncommand: [c]", "name: a\nbase: scratch\nplatforms: [windows/amd64]",
            "name: a\nbase: scratch\nenvironment: {1A: b}", "name: a\nbase: scratch\nworkdir:",
        ],
        .program: [
            "name: a\ndata: /b", "name: a\ndata: /b\nstages: []", "name: a\ndata: b\nstages: [{name: c, run: [d]}]",
            "name: a\ndata: /b\nstages: [{name: c, run: d}]",
            "name: a\ndata: /b\nstages: [{name: c, run: [d], wait: 1}]",
            "name: a\ndata: /b\nstages: [{name: c, run: [d], timeout: 8}]",
            "name: a\ndata: /b\nstages: [{name: c, run: [d], after: [e]}]",
            "name: a\ndata: /b\nstages: [{name: c, run: [d], checkpoints: {kind: fsdp}}]",
            "name: a\ndata: /b\nstages: [{name: c, run: [d], checkpoints: {root: e, kind: torch}}]",
            "name: a\ndata: /b\nstages: [{name: c, run: [d], checkpoints: {root: e, folder: f}}]",
            "name: a\ndata: /b\nstages: [{name: c, run: [d], background: true}]",
            "name: a\ndata: /b\nstages: [{name: c, run: [d], outputs: [/e]}]",
            "name: a\ndata: /b\nstages: [{name: c, run: [d], checkpoints: {root: e, step: '(1)', complete: [f]}}]",
            "name: a\ndata: /b\nserve: {run: [c], public: 1}",
            "name: a\ndata: /b\nserve: {run: [c]}\nartifacts: [{from: d, into: SHA256SUMS}]",
            "name: a\ndata: /b\nserve: {run: [c]}\npreflight: {gpus: {memory_gib: 1}}",
        ],
        .manifest: [
            "name: a\ntarget: local", "name: a\ntarget: local\nimage: b\nsecret: [C]",
            "name: a\ntarget: local\nimage: b\nsecrets: C", "name: a\ntarget: local\nimage: b\nport: 0",
            "name: a\ntarget: local\nimage: b\nport: high", "name: a\ntarget: local\nimage: b\nkeep_alive: yes",
            "name: a\ntarget: local\nimage: b\nbudget_usd: -1", "name: a\ntarget: local\nimage: [b]",
            "name: a\ntarget: local\nimage: b\nregistry_login: {username: c}",
        ],
    ]

    private static let oddities: [FileSchema: [String]] = [
        .image: [
            "name: 2026\nbase: scratch\nuser: 1000\nports: [8000, \"8001\", 53/udp, \"${PORT:-8002}/tcp\"]",
            "name: \"${NAME:-a}\"\nbase: \"${BASE:-scratch}\"\nplatforms: [\"${PLATFORM:-linux/arm64/v8}\"]",
            "name: a\nbase: scratch\nenvironment: {A: 1, B: true, C: \"\", D: 1.5}\nworkdir: /a/.b",
            """
            name: a
            base: scratch
            layers:
              - python: {requirements: b, version: 3.11, into: /c, glibc: 2.28}
              - files: {from: b, into: /c, mode: 0755, owner: 1:30, split: "${SPLIT:-none}", privileged: "true"}
              - archive: {from: b, into: "${INTO:-/c}", limit: 512MiB, privileged: "${DEVICES:-false}"}
            """,
        ],
        .program: [
            """
            name: a
            data: "/b/${RUN_ID}"
            preflight: {gpus: {count: "${GPUS:-8}", memory_gib: "70"}, disk: [{path: "${DATA}/c", gib: 1}]}
            stages:
              - {name: 1, run: [d, 2, true, ""], retries: 2, background: false, once: "true", timeout: 0s}
              - {name: 2, run: [d], checkpoints: {kind: hf-trainer, root: e, ranks: "1"}}
              - name: 3
                run: [d]
                checkpoints: {root: e, folder: "f-{step}", complete: [g, {files: "*.h", count: ranks}], exclude: [i]}
            """
        ],
        .manifest: [
            "name: a\ntarget: local\nimage: b\nport: \"8000\"\nkeep_alive: \"${KEEP:-true}\"\nbudget_usd: 0.5",
            "name: a\ntarget: local\nimage: b\nport: \"${PORT:-1}\"\nbudget_usd: \"${BUDGET:-1}\"\nresources: {}",
        ],
    ]
}

extension YAMLValue {
    /// The value by YAML's core schema.
    ///
    /// <https://yaml.org/spec/1.2.2/#103-core-schema>
    fileprivate var asEditorsReadIt: JSONValue {
        switch content {
        case .empty: .null
        case .scalar(let text, let isPlain): isPlain ? Self.plain(text) : .string(text)
        case .sequence(let elements): .array(elements.map(\.asEditorsReadIt))
        case .mapping(let entries):
            .object(Dictionary(uniqueKeysWithValues: entries.map { ($0.key, $0.value.asEditorsReadIt) }))
        }
    }

    private static func plain(_ text: String) -> JSONValue {
        if ["null", "Null", "NULL", "~"].contains(text) { return .null }
        if ["true", "True", "TRUE"].contains(text) { return true }
        if ["false", "False", "FALSE"].contains(text) { return false }
        if text.wholeMatch(of: #/[-+]?[0-9]+/#) != nil, let number = Int(text) { return .integer(number) }
        let isNumber = text.wholeMatch(of: #/[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?/#) != nil
        guard isNumber, let number = Double(text) else { return .string(text) }
        return .double(number)
    }
}
