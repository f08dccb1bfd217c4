import RunContract
import Testing

@testable import Supervision

/// The files that a machine that only serves restores.
struct ServingNeedsTests {
    private func path(_ text: String) throws -> RelativePath { try #require(RelativePath(text)) }

    private func artifact(
        _ files: [String], links: [(String, String)] = [], folders: [String] = []
    ) throws -> CompletionRecord.Artifact {
        var tree = TreeRecord()
        for (place, target) in links {
            let place = try path(place)
            tree.links.append(try #require(TreeRecord.Link(path: place, target: Array(target.utf8))))
        }
        for place in folders {
            tree.folders.append(.init(path: try path(place), attributes: FileAttributes(mode: 0o755, modified: 0)))
        }
        let records = try files.map { file in
            FileRecord(path: try path(file), key: "x/\(file)", size: 1, partSize: 0, parts: [], uploadToken: "t")
        }
        return CompletionRecord.Artifact(into: "model", files: records, tree: tree)
    }

    private func part(_ patterns: [String]?, of artifact: CompletionRecord.Artifact, in folder: String?) -> String {
        var needs = ServingNeeds(patterns.map { $0.map { GlobPattern($0) } })
        let part = needs.part(of: artifact, in: folder.flatMap { RelativePath($0) })
        let paths = part.files.map(\.path) + part.tree.links.map(\.path) + part.tree.folders.map(\.path)
        return (paths.map(\.description) + needs.missing.map { "no \($0)" }).joined(separator: " ")
    }

    @Test func `without patterns it is everything, and with them what they match, links followed`() throws {
        let whole = try artifact(
            ["big/ck", "final/blobs/a", "final/blobs/b", "final/config"],
            links: [("final/model", "blobs/a"), ("latest", "final")], folders: ["big", "final", "final/blobs"])
        #expect(
            part(nil, of: whole, in: "out")
                == "big/ck final/blobs/a final/blobs/b final/config final/model latest big final final/blobs")
        #expect(part(["out/final/config"], of: whole, in: "out") == "final/config final")
        #expect(part(["final/m*"], of: whole, in: nil) == "final/blobs/a final/model final final/blobs")
        #expect(
            part(["latest"], of: whole, in: nil)
                == "final/blobs/a final/blobs/b final/config final/model latest final final/blobs")
        #expect(part(["big", "none/*"], of: whole, in: nil) == "big/ck big no none/*")
        #expect(part([], of: whole, in: "out").isEmpty)
    }

    @Test(arguments: [
        ("base", "base", true), ("base/model.bin", "base", true), ("base", "base/7", true), ("b*/x", "base", true),
        ("**/x", "base", true), ("final", "base", false), ("base/x", "base/7", false),
    ])
    func `a folder in which nothing can match is not asked for`(pattern: String, folder: String, isReached: Bool) throws
    {
        let needs = ServingNeeds([GlobPattern(pattern)])
        #expect(needs.reach(try path(folder)) == isReached)
    }
}
