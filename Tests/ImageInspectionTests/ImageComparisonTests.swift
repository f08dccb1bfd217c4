import ImageInspection
import ImageStore
import JSON
import OCI
import POSIX
import SystemPackage
import TestSupport
import Testing

@Suite struct ImageComparisonTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func compare(
        _ old: LayoutDraft, _ new: LayoutDraft, ignoringTimes: Bool = false
    ) async throws -> ImageComparison {
        let (first, files) = try await read(old, "old")
        let (second, others) = try await read(new, "new")
        return try ImageComparison(first, files, second, others, ignoringTimes: ignoringTimes)
    }

    private func read(_ draft: LayoutDraft, _ name: String) async throws -> (PlatformImage, ImageContents) {
        try await draft.write(to: folder(name))
        let finder = ImageFinder(store: try ImageStore(at: folder("store")), temporary: folder("tmp"))
        let found = try #require(try finder.find("oci:\(folder(name))", definitionName: nil))
        let image = try found.image(platform: nil)
        return (image, try found.contents(of: image, listings: folder("listings")))
    }

    private static func draft(_ entries: [RawTar.Entry], _ change: @escaping (inout JSONValue) -> Void) -> LayoutDraft {
        var draft = LayoutDraft()
        draft.tars = [RawTar([.folder("base"), .file("base/shared", "shared")]).bytes, RawTar(entries).bytes]
        draft.changeConfig = change
        return draft
    }

    @Test func `files, config and layers are compared`() async throws {
        let old = Self.draft([
            .folder("a"), .file("a/gone", "12345"), .file("a/same", "1"), .file("a/text", "one"), .file("b", "1"),
            .link("link", to: "a"), .file("kind", ""), .file("grows", "1"),
        ]) { $0["config"] = ["Env": ["A=1", "B=2"], "User": "7"] }
        let new = Self.draft([
            .folder("a"), .file("a/same", "1"), .file("a/text", "two"), .folder("new"), .file("new/\u{7F}", "123"),
            .file("b", "1"), .link("link", to: "b"), .folder("kind"), .file("grows", "12"),
        ]) { $0["config"] = ["Env": ["A=1", "B=3"], "WorkingDir": "/"] }
        let comparison = try await compare(old, new)
        #expect(!comparison.isSame)
        #expect(
            comparison.text == """
                - a/gone  5 bytes
                ~ a/text  content (3 bytes)
                ~ grows  content (1 -> 2 bytes)
                ~ kind  file -> folder, mode 644 -> 755
                ~ link  target a -> b
                + new  folder
                + "new/\\177"  3 bytes
                ~ config Env B  "2" -> "3"
                - config User  "7"
                + config WorkingDir  "/"
                files: 2 added (3 bytes), 1 removed (5 bytes), 4 changed (5 bytes)
                layers: 1 shared (2.5 KiB), 1 only in the first (7.5 KiB), 1 only in the second (8.0 KiB)

                """)
        let json = comparison.json
        #expect(json["same"] == false)
        #expect(try json.list("files").count == 7)
        let text = try #require(try json.list("files").first { $0["path"] == "a/text" })
        #expect(text["aspects"] == ["content"])
        #expect(text["old"]?["size"] == 3)
        #expect(try json.list("config").count == 3)
    }

    @Test func `an image is the same as itself, and with other times if they are not to count`() async throws {
        let entries: [RawTar.Entry] = [.folder("a"), .file("a/x", "1")]
        let one = Self.draft(entries) { _ in }
        #expect(try await compare(one, one).isSame)
        var other = one
        // Increases the first entry's modification time by one, and the checksum accordingly.
        other.tars[1][136 + 9] += 1
        let sum = Self.checksum(of: other.tars[1][0..<512])
        for (index, byte) in sum.utf8.enumerated() { other.tars[1][148 + index] = byte }
        let comparison = try await compare(one, other)
        #expect(comparison.text.hasPrefix("~ a  time 1970-01-01T00:00:07Z -> 1970-01-01T00:00:15Z\n"))
        #expect(try await compare(one, other, ignoringTimes: true).files.isEmpty)
    }

    private static func checksum(of header: ArraySlice<UInt8>) -> String {
        let sum = header.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element)) }
        let text = String(sum, radix: 8)
        return String(repeating: "0", count: 6 - text.count) + text
    }

    @Test func `a file is a line`() async throws {
        let draft = Self.draft([.folder("d"), .file("d/x\ny", "123"), .link("d/z", to: "\u{1B}[0m")]) { _ in }
        let (_, contents) = try await read(draft, "image")
        let files = try #require(contents.file(at: "d".utf8)).children
        #expect(
            files.map { FileLine($0, name: $0.path).description } == [
                #"-rw-r--r-- 0:0                    3 1970-01-01T00:00:07Z "d/x\ny""#,
                #"lrw-r--r-- 0:0                    0 1970-01-01T00:00:07Z d/z -> "\033[0m""#,
            ])
    }
}
