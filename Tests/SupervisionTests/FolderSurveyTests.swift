import ByteText
import POSIX
import RunContract
import SystemPackage
import TestSupport
import Testing

@testable import Supervision

/// A survey that decides on completeness finds every entry, or reports why not.
struct FolderSurveyTests {
    private let folder: TemporaryFolder
    private var data: FilePath { folder("data") }

    init() throws {
        folder = try TemporaryFolder()
        try FileSystem.makeFolder(folder("data/final"))
        try folder.write("data/hub/abc", "weights")
        try folder.write("data/final/config.json", "{}")
    }

    private func link(_ path: String, to target: String) throws {
        try FileSystem.makeFolder(folder(path).removingLastComponent())
        try FileSystem.makeSymbolicLink(folder(path), to: FilePath(target))
    }

    private func survey(_ path: String = "data/final") throws -> FolderSurvey {
        try FolderSurvey(artifact: folder(path), data: data)
    }

    private func names(_ survey: FolderSurvey) -> [String] { survey.files.map(\.name.description) }
    private func links(_ survey: FolderSurvey) -> [String] { survey.tree.links.map(\.path.description) }

    @Test func `a link that leads out of the artifact brings what it leads to`() throws {
        try link("data/final/model.safetensors", to: "../hub/abc")
        try link("data/final/hub", to: "../hub")
        try folder.write("elsewhere/tokenizer.json", "[]")
        try link("data/final/tokenizer.json", to: folder("elsewhere/tokenizer.json").string)
        let survey = try survey()
        #expect(names(survey) == ["config.json", "hub/abc", "model.safetensors", "tokenizer.json"])
        #expect(links(survey).isEmpty && survey.problems.isEmpty)
        #expect(survey.files.first { $0.name.description == "model.safetensors" }?.snapshot.size == 7)
    }

    @Test func `a link within the artifact stays a link, and its bytes are there once`() throws {
        try folder.write("data/final/blobs/abc", "weights")
        try link("data/final/snapshots/main/model.bin", to: "../../blobs/abc")
        try link("data/final/latest", to: "snapshots/main")
        let survey = try survey()
        #expect(names(survey) == ["blobs/abc", "config.json"])
        #expect(links(survey) == ["latest", "snapshots/main/model.bin"] && survey.problems.isEmpty)
    }

    @Test func `a link that would lead elsewhere on another machine is followed`() throws {
        try folder.write("data/final/blobs/abc", "weights")
        try link("data/final/absolute", to: folder("data/final/blobs/abc").string)
        try link("data/final/latest", to: "blobs")
        try link("data/final/through", to: "latest/abc")
        let survey = try survey()
        #expect(names(survey) == ["absolute", "blobs/abc", "config.json", "through"])
        #expect(links(survey) == ["latest"] && survey.problems.isEmpty)
    }

    struct Problem: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let target: String
        var file: String { "data/final/odd" }
    }
    static let problems = [
        Problem(testDescription: "to nothing", target: "nowhere"), Problem(testDescription: "to itself", target: "odd"),
        Problem(testDescription: "to a folder outside the data", target: "/usr/share"),
        Problem(testDescription: "to a folder that it is in", target: ".."),
        Problem(testDescription: "to a device", target: "/dev/null"),
    ]

    @Test(arguments: problems) func `a link that cannot be brought along is said`(_ problem: Problem) throws {
        try link(problem.file, to: problem.target)
        let survey = try survey()
        #expect(survey.problems.count == 1 && survey.problems.first?.hasPrefix("'odd' is a link to") == true)
        #expect(names(survey) == ["config.json"])
    }

    @Test func `a FIFO and a socket are said`() async throws {
        try await Command("mkfifo", [folder("data/final/pipe").string]).succeed()
        let python = "import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])"
        try await Command("python3", ["-c", python, folder("data/final/sock").string]).succeed()
        let survey = try survey()
        #expect(
            survey.problems == [
                "'pipe' is a FIFO, which no bucket can hold", "'sock' is a socket, which no bucket can hold",
            ])
    }

    @Test func `depth, odd names and empty folders are no reason to leave anything out`() throws {
        let deep = (0..<300).map { "d\($0 % 10)" }.joined(separator: "/")
        try folder.write("data/final/\(deep)/weights", "deep")
        try FileSystem.makeFolder(folder("data/final/empty"))
        let odd = FilePath(platformString: Array("\(folder("data/final"))/a".utf8CString.dropLast()) + [CChar(-1), 0])
        try FileSystem.write(Array("odd".utf8), to: odd)
        try folder.write("data/final/e\u{301}", "1")
        try folder.write("data/final/\u{E9}", "2")
        let survey = try survey()
        #expect(survey.files.count == 5 && survey.problems.isEmpty)
        #expect(survey.files.contains { $0.name.bytes == [0x61, 0xFF] })
        #expect(survey.tree.folders.map(\.path.description).contains("empty"))
        #expect(survey.tree.folders.count == 301)
    }

    @Test func `modes and times are noted`() throws {
        try folder.write("data/final/run.sh", "#!/bin/sh\n", mode: 0o755)
        try FileSystem.setModified(folder("data/final/run.sh"), nanoseconds: 1_234_567_890_123_456_789)
        let file = try #require(try survey().files.first { $0.name.description == "run.sh" })
        #expect(file.attributes == FileAttributes(mode: 0o755, modified: 1_234_567_890_123_456_789))
    }

    @Test func `the entrypoint's own notes are no part of the data folder`() throws {
        try folder.write("data/.caas/run-id", "x")
        try folder.write("data/final/.caas/mine", "y")
        #expect(names(try survey("data")) == ["final/.caas/mine", "final/config.json", "hub/abc"])
    }

    @Test func `a single file is an artifact too, also behind a link`() throws {
        try link("data/latest.bin", to: "hub/abc")
        #expect(names(try survey("data/hub/abc")) == ["abc"])
        #expect(names(try survey("data/latest.bin")) == ["latest.bin"])
        #expect(throws: POSIXError.self) { try survey("data/nothing") }
    }

    private func outputs(_ patterns: String...) throws -> (survey: FolderSurvey, missing: [String]) {
        var missing: [GlobPattern] = []
        let survey = try FolderSurvey(outputs: patterns.map { GlobPattern($0) }, data: data, missing: &missing)
        return (survey, missing.map(\.text))
    }

    @Test func `patterns mean what they match and what lies below, and those that match nothing are known`() throws {
        try folder.write("data/tok/deep/a", "1")
        try link("data/tok/model", to: "../hub/abc")
        let (survey, missing) = try outputs("tok/*", "hub/abc", "hub/a*", "nothing/*", "final/none.txt")
        #expect(names(survey) == ["hub/abc", "tok/deep/a"] && links(survey) == ["tok/model"])
        #expect(missing == ["nothing/*", "final/none.txt"])
    }

    @Test func `a pattern below a link to a folder is followed`() throws {
        try link("data/cache", to: "hub")
        let (survey, missing) = try outputs("cache/*")
        #expect(names(survey) == ["cache/abc"] && missing.isEmpty)
        #expect(try outputs("cache").survey.files.map(\.name.description) == ["cache/abc"])
    }

    @Test func `a stage is restorable only with all that it declares and all that artifacts need`() throws {
        func outputs(_ patterns: [String], began: Int64 = 0) throws -> StageOutputs {
            try StageOutputs(
                patterns.map { GlobPattern($0) }, data: data, artifacts: [folder("data/final")], began: began)
        }
        func gap(_ patterns: [String], began: Int64 = 0) throws -> String? { try outputs(patterns, began: began).gap }
        #expect(try gap([])?.contains("no outputs") == true)
        #expect(try outputs(["final/*", "nothing/*"]).missing?.text == "nothing/*")
        #expect(try outputs(["final/*"]).missing == nil)
        #expect(try gap(["hub/*"])?.contains("config.json for an artifact") == true)
        #expect(try gap(["hub/*"], began: .max) == nil, "an earlier stage wrote the artifact")
        #expect(try gap(["final/*"]) == nil)
        try link("data/final/broken", to: "nowhere")
        #expect(try gap(["final/*"])?.contains("broken") == true)
    }

    @Test func `a checkpoint's scan follows links and says what it could not see`() throws {
        try folder.write("data/elsewhere/model_1.bin", "1")
        try link("data/ck/last/model_1.bin", to: "../../elsewhere/model_1.bin")
        try link("data/ck/all", to: "../elsewhere")
        try link("data/ck/loop", to: ".")
        try link("data/ck/gone", to: "nowhere")
        let scan = FolderScan(folder("data/ck"))
        #expect(Set(scan.files.keys) == ["all/model_1.bin", "last/model_1.bin"] && scan.failures.isEmpty)
        #expect(FolderScan(folder("data/not-yet")).failures.isEmpty)
        #expect(FolderScan(folder("data/hub/abc")).failures.count == 1, "a file is no folder")
    }

    @Test func `what was restored is what was left`() async throws {
        try folder.write("data/final/run.sh", "#!/bin/sh\n", mode: 0o750)
        try FileSystem.makeFolder(folder("data/final/empty"))
        try link("data/final/latest", to: "run.sh")
        let survey = try survey()
        let target = folder("restored")
        try folder.write("restored/run.sh", "#!/bin/sh\n")
        try folder.write("restored/latest", "what lay there before")
        try RestoredTree.make(survey.tree, below: target)
        for file in survey.files where file.name.description == "run.sh" {
            try FileSystem.setAttributes(file.name.path(below: target), file.attributes)
        }
        for name in ["run.sh", "empty"] {
            let (before, after) = (
                try FileStatus(folder("data/final").appending(name)), try FileStatus(target.appending(name))
            )
            #expect(before.mode == after.mode && before.modified == after.modified && before.kind == after.kind)
        }
        #expect(try FileSystem.readLink(target.appending("latest")) == "run.sh")
    }
}
