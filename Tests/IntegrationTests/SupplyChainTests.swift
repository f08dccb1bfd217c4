import JSON
import POSIX
import SystemPackage
import TestSupport
import Testing

/// Tests that everything fetched to build and test caasctl is pinned, and that the program lists its components.
@Suite struct SupplyChainTests {
    @Test func `every Swift package is pinned in Package.swift, and shown with its commit`() async throws {
        let manifest = try ProjectText.read("Package.swift").split(separator: "\n")
        let state = try JSONValue(parsing: ProjectText.read(".build/workspace-state.json"))
        let dependencies = try state.member("object").list("dependencies")
        // The list also contains transitive dependencies.
        #expect(dependencies.count >= 7)
        let shown = try await Command(Checkout.program("caasctl"), ["version", "--verbose"]).succeed()
            .split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        for dependency in dependencies {
            let name = try dependency.member("packageRef").text("identity")
            let kept = try dependency.member("state").member("checkoutState")
            let (version, revision) = (try kept.text("version"), try kept.text("revision"))
            let pin = "/\(name)\", exact: \"\(version)\""
            #expect(manifest.contains { $0.lowercased().contains(pin) }, "\(pin)")
            #expect(shown.contains([name, version, revision]), "\(name)")
        }
        #expect(shown.contains { $0.starts(with: ["entrypoint:", "openssl"]) })
        let short = try await Command(Checkout.program("caasctl"), ["version"]).succeed()
        #expect(try await Command(Checkout.program("caasctl"), ["--version"]).succeed() == short)
    }

    @Test func `a program without its notes says how to make them`() async throws {
        let folder = try TemporaryFolder()
        // Only a copy, because the origin file next to the original must not be found.
        try await Command("cp", [Checkout.program("caasctl"), folder("caasctl").string]).succeed()
        let outcome = try await Command(folder("caasctl").string, ["version", "--verbose"]).run()
        #expect(outcome.status == 1 && outcome.errors.contains("type: make entrypoint"), "\(outcome.errors)")
    }

    @Test func `each promise of SECURITY.md has its tests`() async throws {
        let promises = try ProjectText.read("SECURITY.md").split(separator: "## What is not")[0]
        let names = ProjectText.testNames(in: promises)
        #expect(names.count >= 30)
        let tests = try await ProjectText.tests()
        for name in names where !tests.contains(name) { Issue.record("there is no test '\(name)'") }
    }

    @Test func `pip installs nothing whose bytes are not named`() throws {
        let scripts = try FileSystem.names(in: Checkout.root.appending("scripts")).map(\.string)
            .filter { $0.hasSuffix(".sh") }.map { "scripts/\($0)" }
        var commands = 0
        for script in scripts + ["Makefile", ".ci/run"] {
            let lines = try ProjectText.read(script).replacing("\\\n", with: " ").split(separator: "\n")
            for line in lines where line.contains(#/\bpip3?["']?\s+(install|download|wheel)\b/#) {
                commands += 1
                #expect(line.contains("--require-hashes"), "\(script): \(line)")
            }
        }
        #expect(commands >= 3)
        let lists = try FileSystem.names(in: Checkout.root.appending("scripts/requirements")).map(\.string)
        #expect(lists.count >= 6)
        for list in lists {
            let text = try ProjectText.read("scripts/requirements/\(list)").replacing("\\\n", with: " ")
            let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") && !$0.hasPrefix("--") }
            #expect(!lines.isEmpty)
            for line in lines {
                let isNamed = line.contains(#/^[A-Za-z0-9._-]+==\S+( ;.*)?\s+--hash=sha256:[0-9a-f]{64}/#)
                #expect(isNamed, "\(list): \(line)")
            }
        }
    }
}
