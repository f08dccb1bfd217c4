import POSIX
import SystemPackage
import TestSupport
import Testing

/// Tests that ARCHITECTURE.md and CONTRIBUTING.md describe the code as it is.
@Suite struct ArchitectureTests {
    private static let documents = ["ARCHITECTURE.md", "CONTRIBUTING.md"]
    private static let folders = [
        ".ci/", "Sources/", "Tests/", "docs/", "entrypoints/", "images/", "manifests/", "scripts/",
    ]

    @Test(arguments: documents) func `each path that a document names exists`(_ document: String) throws {
        let paths = ProjectText.quoted(in: try ProjectText.read(document)).filter(Self.isPath)
        #expect(paths.count >= 5)
        for path in paths where !FileSystem.exists(Checkout.root.appending(path)) {
            Issue.record("\(document) names \(path), which does not exist")
        }
    }

    @Test(arguments: documents) func `each test that a document names exists`(_ document: String) async throws {
        let names = ProjectText.testNames(in: try ProjectText.read(document))
        let tests = try await ProjectText.tests()
        for name in names where !tests.contains(name) {
            Issue.record("\(document) names the test '\(name)', which does not exist")
        }
    }

    @Test func `each invariant of ARCHITECTURE.md names a test`() throws {
        let sections = try ProjectText.read("ARCHITECTURE.md").split(separator: "\n## ")
        let invariants = try #require(sections.first { $0.hasPrefix("Invariants") }).split(separator: "\n- **")
        #expect(invariants.count >= 15)
        for invariant in invariants.dropFirst() {
            let names = ProjectText.quoted(in: invariant)
            let isTested = !ProjectText.testNames(in: invariant).isEmpty || names.contains { $0.hasPrefix("Tests/") }
            #expect(isTested, "\(invariant)")
        }
    }

    /// A step of a walk begins with a file and the functions of it that are called, up to a colon.
    @Test func `each function of a walk is in the file that the step names`() throws {
        var steps = 0
        for line in try ProjectText.read("ARCHITECTURE.md").split(separator: "\n") {
            guard let step = line.prefixMatch(of: #/\d+\. `(Sources/[^`]+)`, (`[^:]+):/#) else { continue }
            steps += 1
            let text = try ProjectText.read(String(step.1))
            for name in ProjectText.quoted(in: step.2) {
                let beginnings = name == "init" ? ["init("] : ["func \(name)(", "func \(name)<", "void \(name)("]
                #expect(beginnings.contains { text.contains($0) }, "\(step.1) has no \(name)")
            }
        }
        #expect(steps >= 60)
    }

    @Test func `each module of Package.swift has its line in ARCHITECTURE.md, with all that it may import`() throws {
        let lines = try ProjectText.read("ARCHITECTURE.md").split(separator: "\n")
        let manifest = try ProjectText.read("Package.swift")
        let modules = manifest.matches(of: #/(?:module|program)\(\s*"([A-Za-z0-9-]+)"(?:,\s*\[([^\]]*)\])?/#)
        #expect(modules.count >= 25)
        for module in modules {
            guard let line = lines.first(where: { $0.hasPrefix("| `\(module.1)` |") }) else {
                Issue.record("there is no line for \(module.1)")
                continue
            }
            let allowed = ProjectText.quoted(in: line.split(separator: "|").last ?? "")
            let declared = (module.2 ?? "").matches(of: #/"([A-Za-z0-9-]+)"/#).map { String($0.1) }
            let more = Set(declared).subtracting(allowed).sorted()
            #expect(more.isEmpty, "\(module.1) may import \(more.joined(separator: ", ")) as well")
        }
    }

    /// Returns whether a quoted text is meant as a file or folder of the repository.
    private static func isPath(_ text: String) -> Bool {
        guard text.wholeMatch(of: #/[A-Za-z0-9_.][A-Za-z0-9_.+/-]*/#) != nil else { return false }
        return folders.contains { text.hasPrefix($0) } || text.contains(#/\.(?:swift|md|sh|py|txt|c|h)$/#)
    }
}
