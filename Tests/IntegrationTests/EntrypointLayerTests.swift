import Hashing
import JSON
import POSIX
import SystemPackage
import TestSupport
import Testing

/// Tests of the layer that `caasctl entrypoint pack` makes from the built program.
@Suite struct EntrypointLayerTests {
    @Test func `two packings give the same bytes, and they are what the record says`() async throws {
        let folder = try TemporaryFolder()
        let pack = { (name: String, environment: [String: String?]) in
            try await Command(
                Checkout.program("caasctl"),
                ["entrypoint", "pack", Checkout.program("caas-entrypoint"), "--output", folder(name).string],
                environment: environment
            ).succeed()
        }
        let first = try await pack("first", ["TZ": "Asia/Tokyo", "LC_ALL": "C"])
        let second = try await pack("second", ["TZ": "UTC", "LC_ALL": "C.UTF-8"])
        #expect(first == second && first.hasPrefix("sha256:"))
        let blob = try FileSystem.read(folder("first/layer.tar.gz"))
        let record = try JSONValue(parsing: try FileSystem.read(folder("first/layer.json")))
        #expect(first == "sha256:\(SHA256.hash(blob).hexadecimal)")
        #expect(try record.text("digest") == first && record.whole("size") == blob.count)
        let tar = try await Command("sh", ["-c", "gzip -dc '\(folder("first/layer.tar.gz"))' | sha256sum"]).succeed()
        // These versions must be listed, because security advisories refer to them.
        let contains = try record.textMap("contains")
        let expected = [
            "curl", "gcc", "glibc", "openssl", "swift", "swift-atomics", "swift-collections", "swift-nio",
            "swift-system",
        ]
        #expect(contains.keys.sorted() == expected)
        #expect(contains.values.allSatisfy { $0.contains(".") && $0.contains(where: \.isNumber) }, "\(contains)")
        let revision = #/\d+\.\d+\.\d+ \([0-9a-f]{40}\)/#
        for (name, version) in contains where name.hasPrefix("swift-") {
            #expect(version.wholeMatch(of: revision) != nil, "\(name) \(version)")
        }
        let annotations = Dictionary(uniqueKeysWithValues: contains.map { ("caasctl.contains.\($0.key)", $0.value) })
        #expect(try record.textMap("annotations") == annotations)
        let listed = try await Command("tar", ["-xzOf", folder("first/layer.tar.gz").string, ".caas/contains.json"])
            .succeed()
        #expect(try JSONValue(parsing: listed) == record["contains"])
        #expect(try record.text("diff_id") == "sha256:\(tar.prefix(64))")
    }

    @Test func `it hides a base's folder and holds the program and certificates, all of root and of 1980`()
        async throws
    {
        let layer = Checkout.binaries.appending("entrypoint/layer.tar.gz").string
        let lines = try await Command("bsdtar", ["-tvzf", layer, "--numeric-owner"], environment: ["TZ": "UTC"])
            .succeed()
            .split(separator: "\n")
        let names = lines.compactMap { $0.split(separator: " ").last.map(String.init) }
        let files = ["", ".wh..wh..opq", "ca.pem", "caas-entrypoint", "contains.json"]
        #expect(names == files.map { ".caas/\($0)" })
        for line in lines {
            let parts = line.split(separator: " ", omittingEmptySubsequences: true)
            #expect(parts[2] == "0" && parts[3] == "0" && line.contains("Jan  1  1980"), "\(line)")
        }
    }
}
