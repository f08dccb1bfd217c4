import ImageInspection
import ImageStore
import JSON
import OCI
import POSIX
import SystemPackage
import TestSupport
import Testing

/// Images with one defect each, with the findings of caasctl and of other programs that check images.
@Suite struct ImageVerifierTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func outcome(_ draft: LayoutDraft) async throws -> ImageVerifier.Outcome {
        try await draft.write(to: folder("layout"))
        let store = try ImageStore(at: folder("store"))
        let finder = ImageFinder(store: store, temporary: folder("tmp"))
        let found = try #require(try finder.find("oci:\(folder("layout")):t", definitionName: nil))
        return ImageVerifier(found, listings: folder("listings")).verify()
    }

    /// Returns which of skopeo, umoci and podman refuse the image.
    private func refusals() async throws -> Set<String> {
        // A relative path, since podman derives a name from it, and names must not have capital letters.
        let image = "oci:layout:t"
        let commands: [(String, [String])] = [
            ("skopeo", ["copy", image, "dir:\(folder("copy"))"]),
            (
                "umoci",
                ["unpack", "--rootless", "--image", String(image.dropFirst("oci:".count)), folder("bundle").string]
            ),
            (
                "podman",
                [
                    "--root", folder("storage").string, "--runroot", folder("run").string, "--storage-driver", "vfs",
                    "pull", image,
                ]
            ),
        ]
        var refused: Set<String> = []
        for (program, arguments) in commands {
            if try await Command(program, arguments, in: folder.path).run().status != 0 { refused.insert(program) }
        }
        return refused
    }

    struct Fault: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let draft: @Sendable () -> LayoutDraft
        /// The end of the only problem's text; nil for none.
        let problem: String?
        let refusedBy: Set<String>

        init(
            _ name: String, problem: String?, refusedBy: Set<String>,
            _ change: @escaping @Sendable (inout LayoutDraft) -> Void
        ) {
            testDescription = name
            self.problem = problem
            self.refusedBy = refusedBy
            draft = {
                var draft = LayoutDraft()
                change(&draft)
                return draft
            }
        }
    }

    /// Defects that some other programs accept, in their versions of Debian 12.
    private static let known: [Fault] = [
        Fault("a plain image", problem: nil, refusedBy: []) { _ in },
        Fault("gzip", problem: nil, refusedBy: []) { draft in
            draft.layerType = .layerGzip
            draft.compress = { try await compressed($0, by: "gzip") }
        },
        Fault("zstd", problem: nil, refusedBy: ["umoci"]) { draft in
            draft.layerType = .layerZstd
            draft.compress = { try await compressed($0, by: "zstd") }
        },
        Fault("an index", problem: nil, refusedBy: []) { $0.nesting = 1 },
        Fault("an index in an index", problem: nil, refusedBy: ["skopeo", "podman"]) { $0.nesting = 2 },
        Fault("artifactType and subject", problem: nil, refusedBy: []) { draft in
            draft.changeManifest = { manifest in
                manifest["artifactType"] = "application/vnd.example+type"
                manifest["subject"] = manifest["config"]
            }
        },
        Fault("a layer's size", problem: "its descriptor says 2561", refusedBy: ["umoci"]) { draft in
            draft.changeManifest = { $0.layers { $0[0]["size"] = 2561 } }
        },
        Fault("a diff_id", problem: "and the config says sha256:\(zeros)", refusedBy: ["umoci"]) { draft in
            draft.changeConfig = { $0.diffIDs { $0[1] = .string("sha256:\(zeros)") } }
        },
        Fault("too few diff_ids", problem: "it has 1 diff_ids, and the manifest 2 layers", refusedBy: ["umoci"]) {
            $0.changeConfig = { $0.diffIDs { $0.removeLast() } }
        },
        Fault(
            "a short history", problem: "its history tells of 1 layers, and the manifest has 2", refusedBy: []
        ) { draft in
            draft.changeConfig = { $0["history"] = [["created_by": "test"]] }
        },
        Fault("a long history", problem: "its history tells of 3 layers, and the manifest has 2", refusedBy: []) {
            $0.changeConfig = { $0["history"] = .array([["a": "b"], ["a": "b"], ["a": "b"]]) }
        },
        Fault(
            "a mediaType that is not the descriptor's",
            problem:
                "its mediaType is '\(MediaType.dockerManifest)', and its descriptor says '\(MediaType.imageManifest)'",
            refusedBy: ["podman"]
        ) { draft in
            draft.changeManifest = { $0["mediaType"] = .string(MediaType.dockerManifest.description) }
        },
        Fault("a name that is there twice", problem: "a: the name is there twice", refusedBy: ["podman"]) {
            $0.tars = [RawTar([.file("a", "1"), .file("b", "1"), .file("a", "2")]).bytes]
        },
        // They do not check for it, but fail when they set the modification time of the folder that they removed.
        Fault(
            "a whiteout of nothing", problem: ".wh.: the whiteout does not name what it removes",
            refusedBy: ["umoci", "podman"]
        ) {
            $0.tars = [RawTar([.file("a", "1"), .file(".wh.", "")]).bytes]
        },
        Fault(
            "a whiteout of nothing in a folder", problem: "a/.wh.: the whiteout does not name what it removes",
            refusedBy: ["podman"]
        ) {
            $0.tars = [RawTar([.folder("a"), .file("a/.wh.", "")]).bytes]
        },
    ]

    @Test(arguments: known) func `what others miss is found`(fault: Fault) async throws {
        let outcome = try await outcome(fault.draft())
        let problems = outcome.findings.filter { $0.severity == .problem }.map(\.text)
        #expect(outcome.isValid == (fault.problem == nil))
        if let problem = fault.problem {
            #expect(problems.contains { $0.hasSuffix(problem) }, "\(problems)")
        } else {
            #expect(outcome.findings.isEmpty && problems.isEmpty, "\(outcome.findings)")
        }
        let refusedBy = try await refusals()
        #expect(refusedBy == fault.refusedBy)
    }

    private static let zeros = String(repeating: "0", count: 64)
    private static let longName = String(repeating: "n", count: 300)

    /// Defects that need no other program: each violates a sentence of a specification, or a limit of Linux.
    private static let faults: [(problem: String, change: @Sendable (inout LayoutDraft) -> Void)] = [
        ("/etc: the name is absolute", { $0.tars = [RawTar([.folder("/etc")]).bytes] }),
        ("a/../b: the name has '..' in it", { $0.tars = [RawTar([.folder("a"), .file("a/../b", "1")]).bytes] }),
        ("\(longName): the name is longer than Linux allows", { $0.tars = [RawTar([.file(longName, "")]).bytes] }),
        (".wh.x: a whiteout must be an empty file", { $0.tars = [RawTar([.file(".wh.x", "1")]).bytes] }),
        (".wh.x: a whiteout must be an empty file", { $0.tars = [RawTar([.folder(".wh.x")]).bytes] }),
        ("b: the hard link's target is not before it", { $0.tars = [RawTar([.hardLink("b", to: "a")]).bytes] }),
        (
            "b: the hard link's target is not before it",
            { $0.tars = [RawTar([.hardLink("b", to: "a"), .file("a", "1")]).bytes] }
        ),
        (
            "cannot read 'b' of a layer: it is a link to a file that is not there",
            {
                $0.tars = [
                    RawTar([.file("a", "1")]).bytes, RawTar([.file(".wh.a", ""), .hardLink("b", to: "a")]).bytes,
                ]
            }
        ),
        (
            "cannot read 'a/b' of a layer: something above it is no folder",
            { $0.tars = [RawTar([.file("a", "1")]).bytes, RawTar([.file("a/b", "1")]).bytes] }
        ),
        ("its type 'application/x' is no layer's", { $0.layerType = MediaType("application/x") }),
        ("its type is '\(MediaType.layerGzip)', and it is not compressed", { $0.layerType = .layerGzip }),
        ("is OCI's '\(MediaType.layer)'", { $0.manifestType = .dockerManifest }),
        ("Env has \"A\", which is not NAME=value", { $0.changeConfig = { $0["config"] = ["Env": ["A"]] } }),
        (
            "'created' is \"yesterday\", which is no RFC 3339 time",
            { $0.changeConfig = { $0["created"] = "yesterday" } }
        ),
        ("'rootfs.type' is not \"layers\"", { $0.changeConfig = { $0.rootfs { $0["type"] = "x" } } }),
        ("'architecture' is missing", { $0.changeConfig = { $0["architecture"] = nil } }),
        (
            "it is for linux/arm64, and its descriptor says linux/amd64",
            {
                $0.nesting = 1
                $0.changeConfig = { $0["architecture"] = "arm64" }
            }
        ),
        ("'schemaVersion' is not 2", { $0.changeManifest = { $0["schemaVersion"] = 1 } }),
        ("its config is empty, and it has no 'artifactType'", { $0.changeManifest = { $0["config"] = emptyConfig } }),
        (
            "a second member named 'os' at byte",
            { $0.writeConfig = { Array($0.text.dropLast().utf8) + Array(#","os":"linux"}"#.utf8) } }
        ),
        ("its descriptor says 9999", { $0.changeEntry = { $0["size"] = 9999 } }),
        (
            "oci-layout: it is missing",
            { $0.changeFiles = { folder, _ in try FileSystem.remove(folder.appending("oci-layout")) } }
        ),
        (
            "'imageLayoutVersion' is not \"1.0.0\"",
            {
                $0.changeFiles = { folder, _ in
                    try FileSystem.write(Array("{}".utf8), to: folder.appending("oci-layout"))
                }
            }
        ),
        (
            "it is missing",
            { $0.changeFiles = { folder, layers in try FileSystem.remove(blob(layers[1], in: folder)) } }
        ),
        (
            "its content has the digest",
            {
                $0.changeFiles = { folder, layers in
                    var content = try FileSystem.read(blob(layers[0], in: folder))
                    content[1100] ^= 1
                    try FileSystem.write(content, to: blob(layers[0], in: folder))
                }
            }
        ),
        (
            "Truncated tar archive",
            {
                $0.changeFiles = { folder, layers in
                    let content = try FileSystem.read(blob(layers[0], in: folder))
                    try FileSystem.write(Array(content.prefix(700)), to: blob(layers[0], in: folder))
                }
            }
        ),
    ]

    private static let emptyConfig: JSONValue = [
        "mediaType": "application/vnd.oci.empty.v1+json", "digest": .string(Digest(of: "{}".utf8).description),
        "size": 2,
    ]

    private static func blob(_ digest: Digest, in folder: FilePath) -> FilePath {
        folder.appending("blobs").appending("sha256").appending(digest.hexadecimal)
    }

    @Test(arguments: faults.indices) func `every broken rule is named`(number: Int) async throws {
        let fault = Self.faults[number]
        var draft = LayoutDraft()
        fault.change(&draft)
        let outcome = try await outcome(draft)
        #expect(!outcome.isValid)
        #expect(
            outcome.findings.contains { $0.severity == .problem && $0.text.contains(fault.problem) },
            "\(outcome.findings)")
    }

    @Test func `a folder without an entry is a warning, and many are a few lines`() async throws {
        var draft = LayoutDraft()
        draft.tars = [RawTar((0..<30).map { .file("folder\($0)/file", "1") }).bytes]
        let outcome = try await outcome(draft)
        #expect(outcome.isValid)
        #expect(outcome.findings.count == 11)
        let rule = "the folder has no entry, so that unpackers invent its mode"
        #expect(outcome.findings[0].description.hasSuffix(": folder0: \(rule)"))
        #expect(outcome.findings[0].description.hasPrefix("warning: layer sha256:"))
        #expect(outcome.findings[10].text.hasSuffix(": and 20 more: \(rule)"))
        #expect(try outcome.json(name: "x").list("warnings").count == 11)
    }

    private static func compressed(_ content: [UInt8], by program: String) async throws -> [UInt8] {
        let folder = try TemporaryFolder()
        try FileSystem.write(content, to: folder("tar"))
        try await Command("sh", ["-c", "\(program) -c '\(folder("tar"))' > '\(folder("blob"))'"]).succeed()
        return try FileSystem.read(folder("blob"))
    }
}

extension JSONValue {
    fileprivate mutating func layers(_ change: (inout [JSONValue]) -> Void) { self.change("layers", change) }

    fileprivate mutating func diffIDs(_ change: (inout [JSONValue]) -> Void) {
        rootfs { $0.change("diff_ids", change) }
    }

    fileprivate mutating func rootfs(_ change: (inout JSONValue) -> Void) {
        var value = self["rootfs"] ?? [:]
        change(&value)
        self["rootfs"] = value
    }

    private mutating func change(_ name: String, _ change: (inout [JSONValue]) -> Void) {
        var list = self[name]?.array ?? []
        change(&list)
        self[name] = .array(list)
    }
}
