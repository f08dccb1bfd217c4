import JSON
import OCI
import POSIX
import SystemPackage
import TestSupport
import Testing

/// Tests of the commands that read images, and of those that remove them.
@Suite struct InspectCommandTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func caasctl(_ arguments: [String]) -> Command {
        .caasctl(arguments, in: folder)
    }

    private func write(_ name: String, _ content: String, base: String = "scratch") throws {
        try folder.write(
            "images/\(name)/image.yaml",
            "name: \(name)\nbase: \"\(base)\"\nlayers:\n  - files: {from: files, into: /opt}\ncommand: [/bin/true]\n")
        try folder.write("images/\(name)/files/text", content)
    }

    @Test func `a built image is shown, listed, compared and verified`() async throws {
        try write("one", "1")
        try write("two", "22")
        let digest = try await caasctl(["build", "one", "--output", "oci:out"]).succeed()
        try await caasctl(["build", "two"]).succeed()
        let inspected = try JSONValue(
            parsing: try await caasctl(["image", "inspect", "images/one", "--json"]).succeed())
        #expect(inspected["digest"]?.string == digest)
        #expect(try await caasctl(["image", "files", "one", "/opt"]).succeed() == "text")
        #expect(try await caasctl(["image", "files", "-lR", "one"]).succeed().hasSuffix(" opt/text"))
        #expect(try await caasctl(["image", "diff", "one", "oci:out"]).run().status == 0)
        let difference = try await caasctl(["image", "diff", "one", "two"]).run()
        #expect(difference.status == 1)
        #expect(difference.output.hasPrefix("~ opt/text  content (1 -> 2 bytes)\n"))
        #expect(
            try await caasctl(["image", "verify", "one"]).succeed().hasPrefix(
                "valid: one: 1 manifest, 1 layer, 2 files, "))
        #expect(try await caasctl(["image", "verify", "oci:out"]).succeed().hasPrefix("valid: "))
        let table = try await caasctl(["image", "ls"]).succeed().split(separator: "\n")
        #expect(table.count == 3 && table[0].hasPrefix("NAME  DIGEST        PLATFORMS    SIZE"))
        #expect(table[1].hasPrefix("one   \(digest.dropFirst(7).prefix(12))  linux/amd64  "))
    }

    @Test func `an image in a registry is inspected without its layers, and listed with its base's`() async throws {
        let registry = try await DockerRegistry()
        try write("base", "1")
        let reference = "\(registry.host)/me/base:1"
        let digest = try await caasctl(["build", "base", "--tag", reference, "--push"]).succeed()
        try FileSystem.removeTree(folder("home"))
        let text = try await caasctl(["image", "inspect", reference]).succeed()
        #expect(text.contains("digest       \(digest)\n"))
        #expect(text.hasSuffix("(not here)"))
        try write("app", "2", base: reference)
        try folder.write("images/app/files/more", "more")
        try await caasctl(["build", "app"]).succeed()
        #expect(try await caasctl(["image", "files", "app", "opt"]).succeed() == "more\ntext")
        #expect(try await caasctl(["image", "verify", reference]).succeed().hasPrefix("valid: "))
    }

    private static let mistakes: [(arguments: [String], status: Int, line: String)] = [
        (
            ["image", "inspect", "oen"], 1,
            "Error: cannot find image 'oen': no image here has this name or digest; did you mean 'one'?"
        ),
        (["image", "inspect", "one"], 1, "Error: cannot find image one: it is not built yet; type: caasctl build one"),
        (
            ["image", "files", "oci:none"], 1,
            "Error: cannot read oci:none: none has no index.json, so it is no OCI layout"
        ),
        (
            ["image", "diff", "one", "one"], 2,
            "Error: cannot find image one: it is not built yet; type: caasctl build one"
        ),
        (["image", "verify", "one"], 2, "Error: cannot find image one: it is not built yet; type: caasctl build one"),
        (
            ["image", "rm", "one"], 1,
            "Error: cannot find image 'one': no image here has this name or digest; caasctl image ls lists those that are here"
        ),
        (
            ["image", "prune", "--older-than", "1w"], 64,
            "Error: The value '1w' is invalid for '--older-than <duration>': a time is written as 30m, 24h or 7d"
        ),
        (
            ["image", "files", "one", "--platform", "x"], 64,
            "Error: cannot read platform 'x': it is not os/architecture, as in linux/amd64"
        ),
    ]

    @Test(arguments: mistakes) func `a mistake is one line`(arguments: [String], status: Int, line: String) async throws
    {
        try write("one", "1")
        let outcome = try await caasctl(arguments).run()
        #expect(outcome.status == status)
        #expect(outcome.errors.split(separator: "\n").first.map(String.init) == line)
        #expect(outcome.output.isEmpty)
    }

    @Test func `a name that was removed frees its layers with the next prune`() async throws {
        try write("one", "1")
        try write("two", "2")
        try await caasctl(["build", "one"]).succeed()
        try await caasctl(["build", "two"]).succeed()
        #expect(try await caasctl(["image", "rm", "one"]).succeed() == "one")
        let dry = try JSONValue(parsing: try await caasctl(["image", "prune", "--dry-run", "--json"]).succeed())
        let pruned = try JSONValue(parsing: try await caasctl(["image", "prune", "--json"]).succeed())
        #expect(try dry.list("blobs") == pruned.list("blobs"))
        #expect(try pruned.list("blobs").count == 3)
        #expect(try pruned.list("caches").first?["entries"] == 1)
        #expect(try await caasctl(["image", "verify", "two"]).run().status == 0)
        #expect(try FileSystem.names(in: folder("home/cache/layers")).count == 1)
        try await caasctl(["image", "prune", "--all"]).succeed()
        #expect(try FileSystem.names(in: folder("home/cache/layers")).isEmpty)
        #expect(try await caasctl(["image", "ls"]).succeed().split(separator: "\n").count == 2)
    }

    @Test func `builds and pushes go on while prune runs, is killed, and runs again`() async throws {
        let registry = try await DockerRegistry()
        for worker in 0..<2 { try write("app\(worker)", "0") }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<2 {
                group.addTask {
                    for round in 0..<6 {
                        // The contents repeat, so that builds find layers that only the cache still references.
                        try folder.write("images/app\(worker)/files/text", "\(round % 3)")
                        let reference = "\(registry.host)/me/app\(worker):\(round)"
                        let digest = try await caasctl(["build", "app\(worker)", "--tag", reference, "--push"])
                            .succeed()
                        let pushed = try await caasctl(["push", reference]).succeed()
                        #expect(pushed.hasSuffix(digest))
                        _ = try await caasctl(["image", "rm", reference]).succeed()
                    }
                }
            }
            group.addTask {
                for round in 0..<16 {
                    if round % 4 == 3 {
                        let log = folder("prune.log")
                        let program = try RunningProgram(
                            Checkout.program("caasctl"), ["image", "prune"],
                            environment: ["CAASCTL_HOME": folder("home").string], log: log)
                        try await Task.sleep(for: .milliseconds(10 + round * 5))
                        program.stop()
                    } else {
                        _ = try await caasctl(["image", "prune"]).succeed()
                    }
                }
            }
            try await group.waitForAll()
        }
        for worker in 0..<2 { try await caasctl(["image", "verify", "app\(worker)"]).succeed() }
        try await caasctl(["image", "prune"]).succeed()
        #expect(try FileSystem.names(in: folder("home/store/blobs/sha256")).count == 3)
        #expect(try FileSystem.names(in: folder("home/store/sessions")).isEmpty)
        #expect(try FileSystem.names(in: folder("home/store/tmp")).isEmpty)
    }
}
