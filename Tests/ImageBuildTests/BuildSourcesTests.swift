import Definitions
import ImageLayers
import POSIX
import TestSupport
import Testing

/// Tests that missing sources are reported before the layers, which take minutes, are made.
@Suite struct BuildSourcesTests {
    private let fixture: BuildFixture
    private var folder: TemporaryFolder { fixture.folder }

    init() throws {
        fixture = try BuildFixture()
        try folder.write("image/first/file", "one")
    }

    @Test(arguments: [
        "git: {url: ./none, commit: 0123456789012345678901234567890123456789, into: /src}",
        "git: {url: ./none, commit: main, into: /src}",
        "files: {from: none, into: /none}", "archive: {from: none.tar, into: /none}",
        "python: {requirements: none.txt, version: '3.11', into: /opt/site}",
        // A missing package is found by asking the index.
        "python: {requirements: asked.txt, version: '3.11', into: /opt/site}",
    ])
    func `a source that is not there is said before any layer is made`(layer: String) async throws {
        try fixture.shareInstallers()
        try folder.write("image/asked.txt", "--no-index\n--find-links .\nnone-such==1\n")
        let yaml = """
            name: app
            base: scratch
            layers:
              - files: {from: first, into: /first}
              - \(layer)
            """
        let error = await #expect(throws: (any Error).self) { try await fixture.build(yaml) }
        #expect(error.map { "\($0)" }?.contains("none") == true)
        #expect(!fixture.events.hasProgress)
        #expect(try fixture.blobs().isEmpty)
    }
}
