import JSON
import OCI
import POSIX
import SystemPackage
import TestSupport
import Testing

/// Tests of `caasctl build` with the built program.
@Suite struct BuildCommandTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func caasctl(_ arguments: [String], environment: [String: String?] = [:]) -> Command {
        .caasctl(arguments, in: folder, environment: environment)
    }

    private func writeImage(_ name: String, base: String = "scratch") throws {
        try folder.write(
            "images/\(name)/image.yaml",
            """
            name: \(name)
            base: \(base)
            layers:
              - files: {from: files, into: /opt/\(name)}
            command: [/bin/true]
            """)
        try folder.write("images/\(name)/files/größe", String(repeating: "text", count: 700_000), mode: 0o666)
        try folder.write("images/\(name)/files/deep/run", "#!/bin/sh", mode: 0o755)
    }

    @Test func `folder, threads, time zone, umask and locale do not change the digest`() async throws {
        try writeImage("app")
        let first = try await caasctl(["build", "app"]).succeed()
        #expect(first.wholeMatch(of: #/sha256:[0-9a-f]{64}/#) != nil)
        let copy = folder("elsewhere/copy")
        try FileSystem.makeFolder(copy.removingLastComponent())
        let script = """
            umask 077 && cp -r '\(folder("images/app"))' '\(copy)' && chmod 700 '\(copy)/files/deep/run' && \
            exec '\(Checkout.program("caasctl"))' build '\(copy)/image.yaml' --jobs 7
            """
        for (zone, locale) in [("Asia/Tokyo", "C"), ("UTC", "C.UTF-8"), ("America/New_York", "POSIX")] {
            let environment: [String: String?] = [
                "TZ": zone, "LC_ALL": locale, "LANG": nil, "CAASCTL_HOME": folder("home-\(locale)").string,
                "SOURCE_DATE_EPOCH": nil,
            ]
            let digest = try await Command("sh", ["-c", script], environment: environment).succeed()
            #expect(digest == first)
            try FileSystem.removeTree(copy)
        }
        let later = try await caasctl(["build", "app"], environment: ["SOURCE_DATE_EPOCH": "1700000000"]).succeed()
        #expect(later != first)
    }

    @Test func `JSON names the digests and the libraries that made them`() async throws {
        try writeImage("app")
        let digest = try await caasctl(["build", "images/app"]).succeed()
        let json = try JSONValue(parsing: try await caasctl(["build", "images/app", "--json"]).succeed())
        #expect(try json.text("digest") == digest)
        let image = try #require(try json.list("images").first)
        #expect(try image.text("platform") == "linux/amd64")
        #expect(try image.text("digest") == digest)
        #expect(try image.list("layers").count == 1)
        #expect(try json.textMap("libraries").keys.sorted() == ["isa-l", "libarchive", "zlib", "zstd"])
    }

    @Test(arguments: [
        (["build", "none"], 1, "Error: cannot read none: there is neither none/image.yaml nor images/none/image.yaml"),
        (
            ["build", "app", "--tag", "A"], 64,
            "Error: cannot read image reference 'A': the repository 'A' must be lower case"
        ),
        (["build", "app", "--push"], 64, "Error: --push needs --tag, which says where to"),
        (["build", "app", "--build-arg", "=x"], 64, "Error: --build-arg takes NAME=value or NAME, not '=x'"),
        (["build", "app", "--jobs", "0"], 64, "Error: --jobs must be at least 1"),
    ])
    func `bad input gets one line and its exit code`(arguments: [String], status: Int, line: String) async throws {
        try writeImage("app")
        let outcome = try await caasctl(arguments).run()
        #expect(outcome.status == status)
        #expect(outcome.errors.split(separator: "\n").first.map(String.init) == line)
        #expect(outcome.output.isEmpty)
    }

    @Test func `a bad SOURCE_DATE_EPOCH is named`() async throws {
        try writeImage("app")
        let outcome = try await caasctl(["build", "app"], environment: ["SOURCE_DATE_EPOCH": "now"]).run()
        #expect(outcome.status == 1)
        #expect(outcome.errors == "Error: cannot read SOURCE_DATE_EPOCH: 'now' is no number of seconds since 1970\n")
    }

    @Test func `memory does not grow with the number of files`() async throws {
        try writeImage("many")
        let script = """
            import os
            for folder in range(200):
                os.mkdir(f"d{folder}")
                open(f"d{folder}/first", "w").write(str(folder))
                # Names are many times faster made than files.
                for name in range(249): os.link(f"d{folder}/first", f"d{folder}/f{name}")
            """
        try await Command("python3", ["-c", script], in: folder("images/many/files")).succeed()
        for _ in 0..<2 {
            let timed = try await Command(
                "time", ["-f", "%M", Checkout.program("caasctl"), "build", folder("images/many").string],
                environment: ["CAASCTL_HOME": folder("home").string]
            ).run()
            #expect(timed.status == 0)
            let kilobytes = try #require(timed.errors.split(separator: "\n").last.flatMap { Int($0) })
            #expect(kilobytes < 64 << 10)
        }
    }

    /// The size exceeds the eleven octal digits of a tar header's size field.
    @Test func `a file of 9 GiB that is nearly all hole is built in little memory`() async throws {
        try writeImage("sparse")
        let script = "truncate -s 9G big; printf end | dd of=big bs=1 seek=9000000000 conv=notrunc"
        try await Command("sh", ["-euc", script], in: folder("images/sparse/files")).succeed()
        let timed = try await Command(
            "time", ["-f", "%M", Checkout.program("caasctl"), "build", folder("images/sparse").string],
            environment: ["CAASCTL_HOME": folder("home").string]
        ).run()
        #expect(timed.status == 0, "\(timed.errors)")
        let kilobytes = try #require(timed.errors.split(separator: "\n").last.flatMap { Int($0) })
        #expect(kilobytes < 64 << 10)
        let shown = try JSONValue(parsing: try await caasctl(["image", "inspect", "sparse", "--json"]).succeed())
        // A large file gets its own layer.
        let layer = try #require(shown["images"]?.array?.first?["layers"]?.array?.last?["digest"]?.string)
        let blob = folder("home/store/blobs").appending(layer.replacing(":", with: "/"))
        // Read only the start of the tar: all of it takes half a minute.
        let listing = try await Command(
            "sh", ["-c", "gzip -dc \(blob) | head -c 4000000 | bsdtar -tvf - 2>/dev/null || true"]
        ).succeed()
        #expect(listing.contains(/9663676416 .*opt\/sparse\/big/), "\(listing)")
    }

    @Test func `a base stays in its registry until an output needs it`() async throws {
        let registry = try await DockerRegistry()
        try writeImage("base")
        try await caasctl(["build", "base", "--tag", "\(registry.host)/base:1", "--push"]).succeed()
        try writeImage("app", base: "\(registry.host)/base:1")
        let other: [String: String?] = ["CAASCTL_HOME": folder("other").string]
        let digest = try await caasctl(
            ["build", "app", "--tag", "\(registry.host)/app:1", "--push"], environment: other
        )
        .succeed()
        #expect(try FileSystem.names(in: folder("other/store/blobs/sha256")).count == 3)
        let raw = try await Command(
            "skopeo", ["inspect", "--raw", "--tls-verify=false", "docker://\(registry.host)/app:1"]
        ).succeed()
        #expect(Digest(of: Array(raw.utf8)).description == digest)
        try await caasctl(["build", "app", "--output", "oci:layout:v1"], environment: other).succeed()
        let rootless = CurrentUser.id == 0 ? [] : ["--rootless"]
        try await Command("umoci", ["unpack"] + rootless + ["--image", "layout:v1", "bundle"], in: folder.path)
            .succeed()
        for name in ["base", "app"] {
            #expect(FileSystem.exists(folder("bundle/rootfs/opt/\(name)/deep/run")))
        }
        let missing = "\(registry.host)/none:1"
        try writeImage("wrong", base: missing)
        let outcome = try await caasctl(["build", "wrong"]).run()
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("Error: cannot find image \(missing): "))
    }

    @Test(.timeLimit(.minutes(60)))
    func `a Debian root file system holds nothing of this machine, runs, and is made once`() async throws {
        try folder.write(
            "images/debian/image.yaml",
            """
            name: debian
            base: scratch
            layers:
              - debian: {suite: bookworm, packages: [busybox]}
            command: [/bin/sh, -c, "cat /etc/debian_version && id -u"]
            """)
        let digest = try await caasctl(["build", "debian", "--lock", "--output", "oci:layout:v1"]).succeed()
        let lock = try JSONValue(parsing: FileSystem.read(folder("images/debian/image.lock")))
        let packages = try lock.list("inputs")[0].member("locked").list("packages")
        #expect(packages.contains { $0["package"] == "busybox" && $0["sha256"]?.string?.count == 64 })
        #expect(try await caasctl(["build", "debian"]).succeed() == digest)
        let rootless = CurrentUser.id == 0 ? [] : ["--rootless"]
        try await Command("umoci", ["unpack"] + rootless + ["--image", "layout:v1", "bundle"], in: folder.path)
            .succeed()
        for name in ["etc/hostname", "etc/resolv.conf", "var/lib/apt/lists/lock", "dev/null"] {
            #expect(!FileSystem.exists(folder("bundle/rootfs/\(name)")), "\(name)")
        }
        try await Command(
            "sed", ["-i", #"s/"terminal": true/"terminal": false/"#, folder("bundle/config.json").string]
        )
        .succeed()
        let id = "caasctl-test-\(folder.path.lastComponent?.string ?? "")"
        let printed = try await Command(
            "runc", ["--root", folder("runc").string, "run", "-b", folder("bundle").string, id]
        ).succeed()
        #expect(printed.wholeMatch(of: #/12\.\d+\n0/#) != nil)
    }
}
