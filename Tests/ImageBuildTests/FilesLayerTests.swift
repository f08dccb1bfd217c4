import Definitions
import ImageLayers
import ImageStore
import OCI
import POSIX
import SystemPackage
import TestSupport
import Testing
import Wording

@Suite struct FilesLayerTests {
    private let fixture: BuildFixture
    private var folder: TemporaryFolder { fixture.folder }

    init() throws { fixture = try BuildFixture() }

    private func yaml(_ layer: String) -> String { "name: app\nbase: scratch\nlayers:\n  - files: {\(layer)}\n" }

    private func writeTree(below place: String = "image/files") throws {
        try folder.write("\(place)/run.sh", "#!/bin/sh\n", mode: 0o700)
        try folder.write("\(place)/sub/data", "1", mode: 0o666)
        try folder.write("\(place)/sub/__pycache__/x.pyc", "cache")
        try folder.write("\(place)/Z", "", mode: 0o600)
        try folder.write("\(place)/größe", "")
        try FileSystem.makeSymbolicLink(folder("\(place)/link"), to: "sub/data")
        _ = try FileSystem.link(folder("\(place)/sub/data"), as: folder("\(place)/sub/hard"))
    }

    @Test func `bsdtar lists the files as they were meant`() async throws {
        try writeTree()
        let image = try await fixture.build(yaml(#"from: files, into: /opt/app, exclude: ["**/__pycache__"]"#))
        #expect(
            try await fixture.list(image) == [
                "drwxr-xr-x 0:0 Jan 1 1970 opt/",
                "drwxr-xr-x 0:0 Jan 1 1970 opt/app/",
                "-rw-r--r-- 0:0 Jan 1 1970 opt/app/Z",
                "-rw-r--r-- 0:0 Jan 1 1970 opt/app/größe",
                "lrwxrwxrwx 0:0 Jan 1 1970 opt/app/link -> sub/data",
                "-rwxr-xr-x 0:0 Jan 1 1970 opt/app/run.sh",
                "drwxr-xr-x 0:0 Jan 1 1970 opt/app/sub/",
                "-rw-r--r-- 0:0 Jan 1 1970 opt/app/sub/data",
                "hrw-r--r-- 0:0 Jan 1 1970 opt/app/sub/hard link to opt/app/sub/data",
            ])
    }

    @Test func `a layer that is listed twice is what a copy of its files would be`() async throws {
        try writeTree()
        try writeTree(below: "image/copy")
        let entry = "  - files: {from: files, into: /opt, owner: \"5:6\"}\n"
        let begin = "name: app\nbase: scratch\nlayers:\n"
        let twice = try await fixture.build(begin + entry + entry)
        let copied = try await fixture.build(begin + entry + entry.replacing("files,", with: "copy,"))
        #expect(twice.manifest.layers.map(\.digest) == copied.manifest.layers.map(\.digest))
        #expect(twice.manifest.layers.count == 2)
    }

    @Test func `owner, mode and time are what the definition says`() async throws {
        try writeTree()
        try Folder(folder("image/files")).setModified("Z", seconds: 86_400)
        let image = try await fixture.build(
            yaml(#"from: files, into: /, exclude: ["sub", "link", "gr*"], owner: "5:6", mode: "0640", mtime: keep"#))
        let lines = try await fixture.list(image)
        #expect(lines.first == "-rw-r----- 5:6 Jan 2 1970 Z")
        #expect(lines.count == 2)
        let later = try await fixture.build(yaml("from: files/Z, into: /tmp/x"), epoch: 2 * 86_400)
        #expect(
            try await fixture.list(later) == [
                "drwxrwxrwt 0:0 Jan 3 1970 tmp/", "drwxr-xr-x 0:0 Jan 3 1970 tmp/x/",
                "-rw-r--r-- 0:0 Jan 3 1970 tmp/x/Z",
            ])
    }

    @Test func `two folders and two numbers of threads give one digest`() async throws {
        try writeTree()
        try folder.write("image/files/big", String(repeating: "0123456789abcdef", count: 300_000))
        try await Command("cp", ["-r", "--preserve=links", folder("image/files").string, folder("image/copy").string])
            .succeed()
        let one = try await fixture.build(yaml("from: files, into: /a"), threads: 1)
        let two = try await fixture.build(yaml("from: copy, into: /a"), threads: 5)
        #expect(one.manifest.layers == two.manifest.layers)
        #expect(one.config.diffIDs == two.config.diffIDs)
    }

    @Test func `what a layer cannot hold is left out with a warning`() async throws {
        try writeTree()
        try await Command("mkfifo", [folder("image/files/pipe").string]).succeed()
        try await Command(
            "python3", ["-c", "import socket; socket.socket(socket.AF_UNIX).bind('socket')"], in: folder("image/files")
        ).succeed()
        let image = try await fixture.build(yaml("from: files, into: /a"))
        #expect(
            fixture.events.warnings == [
                "\(folder("image/files/pipe")) is a FIFO; it is left out without --privileged",
                "\(folder("image/files/socket")) is a socket, which no layer can hold; it is left out",
            ])
        #expect(try await !fixture.list(image).contains { $0.contains("pipe") || $0.contains("socket") })
    }

    /// Problems with `from: files`, and the error for each.
    @Test(arguments: [
        ("missing", "cannot examine IMAGE/missing: No such file or directory"),
        ("/proc/self/mem", "cannot read /proc/self/mem: Input/output error"),
        ("/proc/self/status", "cannot read /proc/self/status: it changed while it was read; build again"),
        (
            "whiteout",
            "cannot put IMAGE/whiteout/.wh.x into a layer: names that begin with '.wh.' mean removals in a layer"
        ),
        ("loop", "cannot examine IMAGE/loop: Too many levels of symbolic links"),
    ])
    func `a source that cannot be read fails the build and leaves nothing`(from: String, reason: String) async throws {
        try folder.write("image/whiteout/.wh.x", "")
        try FileSystem.makeSymbolicLink(folder("image/loop"), to: "loop")
        let before = try fixture.blobs()
        let error = await #expect(throws: (any Error).self) {
            try await fixture.build(yaml("from: \(from), into: /a"))
        }
        #expect(error.map { "\($0)" }?.replacing(folder("image").string, with: "IMAGE") == reason)
        #expect(try fixture.blobs() == before)
    }

    @Test func `a file that nobody may read fails the build`() async throws {
        try folder.write("image/files/secret", "x", mode: 0)
        // Root may read every file.
        guard CurrentUser.id != 0 else { return }
        let error = await #expect(throws: Failure.self) {
            try await fixture.build(yaml("from: files, into: /a"))
        }
        #expect(error?.description == "cannot open \(folder("image/files/secret")): Permission denied")
    }

    @Test(arguments: [">> files/log", "> files/new-$RANDOM$n"])
    func `a source that changes while it is read fails the build and leaves nothing`(change: String) async throws {
        try folder.write("image/files/log", "line\n")
        try await Command("truncate", ["-s", "100M", folder("image/files/log").string]).succeed()
        let before = try fixture.blobs()
        let writer = try RunningProgram(
            "sh", ["-c", "cd $0; for n in $(seq 100000); do echo x \(change); done", folder("image").string],
            log: folder("log"))
        let error = await #expect(throws: Failure.self) {
            try await fixture.build(yaml("from: files, into: /a"))
        }
        _ = writer.pid
        #expect(error?.description.contains("changed while it was read; build again") == true)
        #expect(try fixture.blobs() == before)
    }

    @Test func `a busybox on scratch runs under runc`() async throws {
        try FileSystem.makeFolder(folder("image/files/bin"))
        try await Command("cp", [try await Busybox.path().string, folder("image/files/bin/busybox").string]).succeed()
        let image = try await fixture.build(
            yaml("from: files, into: /") + "command: [/bin/busybox, echo, hello]\nenvironment: {A: b}\n")
        let output = try ImageOutput("oci:\(folder("layout")):v1")
        try fixture.store.export(image.descriptor, to: output, name: "app")
        let rootless = CurrentUser.id == 0 ? [] : ["--rootless"]
        try await Command(
            "umoci", ["unpack"] + rootless + ["--image", "\(folder("layout")):v1", folder("bundle").string]
        )
        .succeed()
        try await Command(
            "sed", ["-i", #"s/"terminal": true/"terminal": false/"#, folder("bundle/config.json").string]
        )
        .succeed()
        let id = "caasctl-test-\(folder.path.lastComponent?.string ?? "")"
        let printed = try await Command(
            "runc", ["--root", folder("runc").string, "run", "-b", folder("bundle").string, id]
        ).succeed()
        #expect(printed == "hello")
    }
}
