import JSON
import POSIX
import RunContract
import SystemPackage
import TestSupport
import Testing

/// docs/container.md must name every exit code, variable and member of a document that this module defines.
struct ContainerPageTests {
    @Test func `every exit code has its row, and the entrypoint has no other of its own`() throws {
        let page = try Self.text("docs/container.md")
        let rows = page.matches(of: #/\n\| `([0-9]+)` \|/#).compactMap { Int32($0.1) }
        for exit in RunExit.allCases {
            #expect(rows.contains(exit.rawValue), "no row for \(exit), which is \(exit.rawValue)")
        }
        // Codes of sysexits.h, among which the entrypoint's own are.
        for code in rows where (64...79).contains(code) {
            #expect(RunExit(rawValue: code) != nil, "no exit code is \(code)")
        }
    }

    @Test func `every variable is on the page`() throws {
        let page = try Self.text("docs/container.md")
        let source = try Self.text("Sources/RunContract/EnvironmentName.swift")
        let names = Set(source.matches(of: #/"([A-Za-z][A-Za-z0-9_]*)"/#).map { String($0.1) })
        #expect(names.isSuperset(of: EnvironmentName.keys.union(EnvironmentName.proxies)))
        for name in names.sorted() { #expect(page.contains("`\(name)`"), "the page does not name \(name)") }
    }

    @Test func `every member of the bucket's documents is on the page`() throws {
        var status = RunStatus(run: "demo-1", attempt: 1, instance: "i", started: "s")
        status.exitCode = 3
        status.stage = "base"
        status.step = 5
        var manifest = FolderManifest(
            stage: "base", step: 5, stepText: "000005", attempt: 1, save: 2, image: "", created: "c",
            files: [try RecordTests.file("a", FileAttributes(mode: 0o755, modified: 7))], tree: try RecordTests.tree())
        manifest.patterns = ["a/*"]
        manifest.gap = "a reason"
        let completion = CompletionRecord(
            run: "demo-1", attempt: 1, image: "", started: "s", finished: "f", exitStatus: 0, costUSD: 1, metrics: [:],
            artifacts: [CompletionRecord.Artifact(into: "model", files: manifest.files, tree: manifest.tree)],
            inputs: [CompletionRecord.Input(run: "demo-2", attempt: 1, artifact: "model")])
        let line = LogRecord(time: "t", source: "base", line: "loss 2.5")
        let page = try Self.text("docs/container.md")
        for document in [status.json, manifest.json, completion.json, line.json] {
            for name in Self.members(of: document).sorted() {
                #expect(page.contains("`\(name)`"), "the page does not name the member \(name)")
            }
        }
    }

    /// Returns the names of all members of a document, also of inner ones.
    private static func members(of document: JSONValue) -> Set<String> {
        var names: Set<String> = []
        for (name, value) in document.object ?? [:] {
            names.insert(name)
            names.formUnion(members(of: value))
        }
        for element in document.array ?? [] { names.formUnion(members(of: element)) }
        return names
    }

    /// Returns the text of a file of the checkout.
    private static func text(_ file: String) throws -> String {
        String(decoding: try FileSystem.read(Checkout.root.appending(file)), as: UTF8.self)
    }
}
