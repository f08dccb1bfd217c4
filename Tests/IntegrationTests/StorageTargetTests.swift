import POSIX
import SystemPackage
import TestSupport
import Testing

/// Tests of the targets of `caasctl storage cp`; folders are stores too, so that no server is needed.
@Suite struct StorageTargetTests {
    private let fixture: StorageFixture
    private var folder: TemporaryFolder { fixture.folder }
    private let settings: [String: String?]

    init() throws {
        fixture = try StorageFixture()
        try fixture.folder.write("store/runs/A", "one")
        try fixture.folder.write("store/runs/B", "two")
        try fixture.folder.write("file", "file")
        settings = ["R2_ENDPOINT_URL": "file://\(fixture.folder("store"))"]
    }

    private func copy(_ source: String, _ target: String) async throws -> Command.Outcome {
        try await fixture.storage(["cp", source, target], nil, settings).run()
    }

    private func read(_ name: String) throws -> String {
        String(decoding: try FileSystem.read(folder(name)), as: UTF8.self)
    }

    /// In the arguments, `~` stands for the test's folder.
    @Test(
        arguments: ["~/out/", "file://~/out/", "~/out/.", "s3://runs/out/", "s3://other/"],
        ["s3://runs", "~/store/runs"])
    func `a slash at the end means into it, though nothing is there`(_ target: String, _ source: String) async throws {
        try FileSystem.makeFolder(folder("store/other"))
        let target = target.replacing("~", with: "\(folder.path)")
        let source = source.replacing("~", with: "\(folder.path)")
        for name in ["A", "B"] {
            let outcome = try await copy("\(source)/\(name)", target)
            #expect(outcome.status == 0 && outcome.output.hasSuffix("/\(name)\n"), "\(outcome)")
        }
        let place = target.contains("runs") ? "store/runs/out" : target.contains("other") ? "store/other" : "out"
        #expect(try read("\(place)/A") == "one")
        #expect(try read("\(place)/B") == "two")
    }

    @Test(arguments: [
        // A missing parent folder may mean a file system that is not mounted.
        ("s3://runs/A", "~/deep/out/", "there is no folder ~/deep; make it first"),
        ("s3://runs/A", "~/file/", "Not a directory"), ("~/file/", "~/out/", "it is no folder; without the slash"),
        ("~/store/", "~/out/", "it is a folder; --recursive"),
    ])
    func `what a slash cannot mean is refused`(_ source: String, _ target: String, _ part: String) async throws {
        let path = "\(folder.path)"
        let outcome = try await copy(source.replacing("~", with: path), target.replacing("~", with: path))
        #expect(outcome.status == 1 && outcome.output.isEmpty)
        #expect(outcome.errors.contains(part.replacing("~", with: path)), "\(outcome.errors)")
        #expect(try read("file") == "file" && !FileSystem.exists(folder("out")) && !FileSystem.exists(folder("deep")))
    }

    @Test func `names are bytes on the way to a folder, to a bucket and back`() async throws {
        let names = ["\u{301}x", "sub/\u{301}/y", "a\u{600}/z", "e\u{301}", "\u{E9}"]
        for name in names { try folder.write("tree/\(name)", name) }
        try FileSystem.makeFolder(folder("store/\u{301}"))
        for (source, target) in [
            ("\(folder("tree"))", "file://\(folder("copy"))"), ("\(folder("copy"))/", "s3://\u{301}/\u{301}"),
            ("s3://\u{301}/\u{301}/", "\(folder("\u{301}back"))/"),
        ] {
            let outcome = try await fixture.storage(["cp", "-r", "--json", source, target], nil, settings).run()
            #expect(outcome.status == 0 && outcome.output.contains("\"copied\":5"), "\(outcome)")
        }
        #expect(try await fixture.isSame("tree", "\u{301}back"))
        let single = try await copy("s3://\u{301}/\u{301}/\u{301}x", "\(folder("out"))/")
        #expect(single.status == 0 && single.output.utf8.suffix(5).elementsEqual("/\u{301}x\n".utf8))
        #expect(try read("out/\u{301}x") == "\u{301}x")
        let removed = try await fixture.storage(["rm", "s3://\u{301}/\u{301}/e\u{301}"], nil, settings).run()
        #expect(removed.status == 0)
        #expect(try read("store/\u{301}/\u{301}/\u{E9}") == "\u{E9}")
    }

    @Test func `a file is not removed as if it were a folder`() async throws {
        for arguments in [["rm", "file/"], ["rm", "-r", "--yes", "file/"]] {
            var command = fixture.storage(arguments, nil)
            command.arguments[command.arguments.count - 1] = "\(folder("file"))/"
            #expect(try await command.run().status == 1)
        }
        #expect(try read("file") == "file")
    }
}
