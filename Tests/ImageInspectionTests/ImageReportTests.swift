import ImageInspection
import ImageStore
import JSON
import OCI
import POSIX
import SystemPackage
import TestSupport
import Testing
import Wording

@Suite struct ImageReportTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func find(_ draft: LayoutDraft, _ name: String = "layout", _ tag: String? = "t") async throws -> FoundImage
    {
        try await draft.write(to: folder(name))
        return try #require(
            try finder().find("oci:\(folder(name))" + (tag.map { ":\($0)" } ?? ""), definitionName: nil))
    }

    private func finder() throws -> ImageFinder {
        ImageFinder(store: try ImageStore(at: folder("store")), temporary: folder("tmp"))
    }

    private static var draft: LayoutDraft {
        var draft = LayoutDraft()
        draft.changeConfig = { config in
            config["config"] = [
                "Entrypoint": ["/bin/app", "two words"], "Cmd": ["-v"], "Env": ["PATH=/bin", "A=1\u{1B}[31m"],
                "WorkingDir": "/work", "User": "7:8", "ExposedPorts": ["80/tcp": [:], "443/tcp": [:]],
                "Volumes": ["/data": [:]], "Labels": ["b": "2", "a": "1"], "StopSignal": "SIGINT",
            ]
            config["history"] = [
                ["created_by": "COPY etc"], ["created_by": "ENV", "empty_layer": true], ["comment": "two"],
            ]
        }
        draft.changeManifest = { manifest in
            manifest["annotations"] = [
                "org.opencontainers.image.base.name": "example.org/base:1", "org.opencontainers.image.title": "App",
            ]
            var layers = manifest["layers"]?.array ?? []
            layers[1]["annotations"] = ["caasctl.contains.b": "2\u{1B}[31m", "caasctl.contains.a": "1"]
            manifest["layers"] = .array(layers)
        }
        return draft
    }

    @Test func `an image is described in lines`() async throws {
        let found = try await find(Self.draft)
        let image = try #require(try found.images().first)
        let layers = image.manifest.layers.map(\.digest.short)
        let text = try ImageReport(found, platform: nil).text
        #expect(
            text == """
                name         oci:\(folder("layout")):t
                digest       \(found.descriptor.digest)
                platform     linux/amd64
                created      2026-01-02T03:04:05Z
                size         7.3 KiB in 2 layers
                base         example.org/base:1
                entrypoint   ["/bin/app","two words"]
                command      ["-v"]
                workdir      /work
                user         7:8
                ports        443/tcp 80/tcp
                volumes      /data
                stop signal  SIGINT
                environment
                  PATH=/bin
                  A=1 [31m
                labels
                  a=1
                  b=2
                annotations
                  org.opencontainers.image.base.name=example.org/base:1
                  org.opencontainers.image.title=App
                annotations of layer \(layers[1])
                  caasctl.contains.a=1
                  caasctl.contains.b=2 [31m
                LAYER         SIZE     MADE BY
                \(layers[0])  3.0 KiB  COPY etc
                \(layers[1])  3.0 KiB  two

                """)
    }

    @Test func `JSON has the same and more`() async throws {
        let found = try await find(Self.draft)
        let json = try ImageReport(found, platform: nil).json
        #expect(json["digest"]?.string == found.descriptor.digest.description)
        let image = try #require(try json.list("images").first)
        #expect(
            image.object?.keys.sorted() == [
                "annotations", "base", "config", "config_digest", "created", "digest", "history", "layers",
                "media_type", "platform", "size",
            ])
        #expect(image["base"]?["name"] == "example.org/base:1")
        #expect(image["config"]?["User"] == "7:8")
        let layer = try #require(try image.list("layers").last)
        #expect(layer["created_by"] == "two")
        #expect(layer["present"] == true)
        #expect(layer["annotations"]?["caasctl.contains.a"] == "1")
        #expect(layer["diff_id"] == layer["digest"])
    }

    @Test func `an image for two platforms shows both, or the one that is asked for`() async throws {
        var draft = Self.draft
        draft.nesting = 1
        let found = try await find(draft)
        #expect(try ImageReport(found, platform: nil).text.contains("\nindex        \(found.descriptor.digest)\n"))
        #expect(try ImageReport(found, platform: try Platform("linux/amd64")).json.list("images").count == 1)
        let error = #expect(throws: Failure.self) {
            try ImageReport(found, platform: try Platform("linux/s390x"))
        }
        #expect(error?.description.hasSuffix("it has no image for linux/s390x, only for linux/amd64") == true)
    }

    @Test func `an archive is read as the folder that it is made of`() async throws {
        let found = try await find(Self.draft)
        try await Command("tar", ["-C", folder("layout").string, "-czf", folder("image.tar").string, "."]).succeed()
        do {
            let packed = try #require(try finder().find("oci-archive:\(folder("image.tar"))", definitionName: nil))
            #expect(packed.descriptor.digest == found.descriptor.digest)
            let image = try packed.image(platform: nil)
            #expect(try packed.contents(of: image, listings: folder("listings")).count == 3)
            let folder = try #require(packed.layout)
            #expect(try !File(folder, .read).lock(wait: false))
        }
        #expect(try FileSystem.names(in: folder("tmp")).isEmpty)
    }

    @Test func `what cannot be found is named, with what is near`() async throws {
        _ = try await find(Self.draft)
        let store = try ImageStore(at: folder("store"))
        try store.tag(try store.add(Array("{}".utf8), mediaType: .imageManifest), as: "demo")
        let finder = try finder()
        #expect(
            try finder.unknown("dmeo", definitions: []).description
                == "cannot find image 'dmeo': no image here has this name or digest; did you mean 'demo'?")
        #expect(try finder.find("nothing", definitionName: nil) == nil)
        let cases: [(String, String?, String)] = [
            ("oci:\(folder("layout")):u", nil, "it has no tag 'u', only t"),
            ("oci:\(folder("none"))", nil, "\(folder("none")) has no index.json, so it is no OCI layout"),
            ("oci-archive:\(folder("none"))", nil, "No such file or directory"),
            ("app", "app", "it is not built yet; type: caasctl build app"),
        ]
        for (text, definition, reason) in cases {
            let error = #expect(throws: (any Error).self) { try finder.find(text, definitionName: definition) }
            #expect(error.map { "\($0)" }?.hasSuffix(reason) == true, "\(String(describing: error))")
        }
        let digest = try #require(try store.find("demo")?.digest)
        for text in [digest.description, digest.hexadecimal, digest.short] {
            #expect(try finder.find(text, definitionName: nil)?.name == "demo")
        }
    }
}
