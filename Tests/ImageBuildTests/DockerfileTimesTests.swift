import ImageLayers
import ImageStore
import OCI
import POSIX
import TestSupport
import Testing

/// Tests that the files of a step are newer than those of earlier steps, and not older than zip can store.
@Suite struct DockerfileTimesTests {
    private let fixture: DockerfileFixture

    init() throws {
        fixture = try DockerfileFixture()
        try fixture.write(["a.txt", "b.txt", "dir/c.txt"])
    }

    /// Returns the files of an image as `path seconds`, counted from the epoch, which is 1980 by default.
    private func times(_ text: String, epoch: Int64 = ImageEpoch.standard) async throws -> [String] {
        let image = try await fixture.build(text, epoch: epoch)
        let contents = try ImageContents(layers: image.manifest.layers, in: fixture.store)
        var lines: [String] = []
        contents.root.forEachDescendant { (file) in
            lines.append("\(String(decoding: file.path, as: UTF8.self)) \(file.modified - epoch)")
        }
        return lines
    }

    @Test(arguments: [
        // Steps without files do not count, so that a label does not change the time of a file.
        ("FROM scratch\nLABEL a=b\nCOPY a.txt /\nENV A=b\nCOPY b.txt /", ["a.txt 1", "b.txt 2"]),
        ("FROM scratch\nCOPY a.txt /d/\nCOPY b.txt /d/a.txt", ["d 1", "d/a.txt 2"]),
        ("FROM scratch\nCOPY a.txt /\nWORKDIR /w/x\nCOPY dir .", ["a.txt 1", "w 2", "w/x 2", "w/x/c.txt 3"]),
        ("FROM scratch\nCOPY a.txt /\nADD b.txt /\nCOPY <<E /e\nx\nE", ["a.txt 1", "b.txt 2", "e 3"]),
        // A stage continues the count of the stage below.
        ("FROM scratch AS x\nCOPY a.txt /\nFROM x\nCOPY b.txt /", ["a.txt 1", "b.txt 2"]),
        // Files of another stage keep their times, which the Python bytecode next to them contains.
        (
            "FROM scratch AS x\nCOPY a.txt /\nCOPY b.txt /\nFROM scratch\nCOPY --from=x b.txt /n/\nCOPY a.txt /",
            ["n 1", "n/b.txt 2", "a.txt 2"]
        ),
    ])
    func `files of a later step are later`(text: String, expected: [String]) async throws {
        #expect(try await times(text).sorted() == expected.sorted())
        #expect(try await times(text, epoch: 1_700_000_000).sorted() == expected.sorted())
    }

    @Test func `a step on an image is later than the image's own`() async throws {
        let below = try await fixture.build(
            "FROM scratch\nCOPY a.txt /\nCOPY b.txt /", epoch: ImageEpoch.standard)
        let layout = try ImageOutput("oci:\(fixture.folder("context/below")):1")
        try fixture.store.export(below.descriptor, to: layout, name: "below")
        #expect(
            try await times("FROM oci:below:1\nCOPY dir /").sorted() == ["a.txt 1", "b.txt 2", "c.txt 3"])
    }
}
