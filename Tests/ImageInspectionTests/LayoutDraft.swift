import Hashing
import JSON
import OCI
import POSIX
import SystemPackage
import TestSupport

/// A valid OCI layout with one image, in which a test breaks one thing.
struct LayoutDraft {
    /// The uncompressed layers, the lowest first.
    var tars: [[UInt8]] = [
        RawTar([.folder("etc"), .file("etc/passwd", "root"), .link("etc/alias", to: "passwd")]).bytes,
        RawTar([.folder("etc"), .file("etc/.wh.alias", ""), .file("etc/group", "users")]).bytes,
    ]
    /// The media type and compression of the layers.
    var layerType = MediaType.layer
    var compress: ([UInt8]) async throws -> [UInt8] = { $0 }
    /// Changes to the valid documents; each applies before the document's digest is computed.
    var manifestType = MediaType.imageManifest
    var changeConfig: (inout JSONValue) -> Void = { _ in }
    var changeManifest: (inout JSONValue) -> Void = { _ in }
    var changeEntry: (inout JSONValue) -> Void = { _ in }
    /// Encodes the config, for bytes that no JSON document yields.
    var writeConfig: (JSONValue) -> [UInt8] = { $0.encoded() }
    /// The number of additional indexes above the image.
    var nesting = 0
    /// Changes the finished files; the arguments are the folder and the digests of the layers.
    var changeFiles: (FilePath, [Digest]) throws -> Void = { _, _ in }

    /// Writes the layout; the image's tag is `t`.
    func write(to folder: FilePath) async throws {
        let blobs = folder.appending("blobs").appending("sha256")
        try FileSystem.makeFolder(blobs)
        func add(_ content: [UInt8]) throws -> Digest {
            let digest = Digest(of: content)
            try FileSystem.write(content, to: blobs.appending(digest.hexadecimal))
            return digest
        }
        func descriptor(_ type: MediaType, _ content: [UInt8]) throws -> JSONValue {
            Descriptor(mediaType: type, digest: try add(content), size: Int64(content.count)).json
        }
        var layers: [JSONValue] = []
        for tar in tars { layers.append(try descriptor(layerType, try await compress(tar))) }
        var config: JSONValue = [
            "architecture": "amd64", "os": "linux", "created": "2026-01-02T03:04:05Z", "config": ["Env": ["A=1"]],
            "rootfs": ["type": "layers", "diff_ids": .array(tars.map { .string(Digest(of: $0).description) })],
            "history": .array(tars.map { _ in ["created_by": "test"] } + [["created_by": "ENV", "empty_layer": true]]),
        ]
        changeConfig(&config)
        let configType = manifestType == .dockerManifest ? MediaType.dockerConfig : .imageConfig
        var manifest: JSONValue = [
            "schemaVersion": 2, "mediaType": .string(manifestType.description),
            "config": try descriptor(configType, writeConfig(config)), "layers": .array(layers),
        ]
        changeManifest(&manifest)
        var entry = try descriptor(manifestType, manifest.encoded())
        for _ in 0..<nesting {
            entry["platform"] = ["architecture": "amd64", "os": "linux"]
            let index: JSONValue = [
                "schemaVersion": 2, "mediaType": .string(MediaType.imageIndex.description), "manifests": [entry],
            ]
            entry = try descriptor(.imageIndex, index.encoded())
        }
        entry["annotations"] = ["org.opencontainers.image.ref.name": "t"]
        changeEntry(&entry)
        let index: JSONValue = ["schemaVersion": 2, "manifests": [entry]]
        try FileSystem.write(index.encoded(), to: folder.appending("index.json"))
        try FileSystem.write(
            Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8), to: folder.appending("oci-layout"))
        var digests: [Digest] = []
        for layer in manifest["layers"]?.array ?? [] { digests.append(try Descriptor(json: layer).digest) }
        try changeFiles(folder, digests)
    }
}

/// A tar of exactly these entries, which may be invalid.
///
/// <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html>
struct RawTar {
    struct Entry {
        var name: String
        var type: Character
        var content = ""
        var target = ""

        static func file(_ name: String, _ content: String) -> Entry { Entry(name: name, type: "0", content: content) }
        static func folder(_ name: String) -> Entry { Entry(name: name, type: "5") }
        static func link(_ name: String, to target: String) -> Entry { Entry(name: name, type: "2", target: target) }
        static func hardLink(_ name: String, to target: String) -> Entry {
            Entry(name: name, type: "1", target: target)
        }
    }

    let bytes: [UInt8]

    init(_ entries: [Entry]) {
        bytes = entries.flatMap(Self.encode) + [UInt8](repeating: 0, count: 1024)
    }

    private static func encode(_ entry: Entry) -> [UInt8] {
        // GNU's format puts a name of more than 100 bytes into an entry of its own before.
        if entry.name.utf8.count > 100, entry.type != "L" {
            var short = entry
            short.name = String(entry.name.prefix(100))
            return encode(Entry(name: "././@LongLink", type: "L", content: entry.name + "\0")) + encode(short)
        }
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at offset: Int) {
            for (index, byte) in text.utf8.enumerated() { header[offset + index] = byte }
        }
        func octal(_ value: Int, digits: Int) -> String {
            let text = String(value, radix: 8)
            return String(repeating: "0", count: digits - text.count) + text
        }
        put(entry.name, at: 0)
        put(octal(entry.type == "5" ? 0o755 : 0o644, digits: 7), at: 100)
        for offset in [108, 116] { put(octal(0, digits: 7), at: offset) }
        put(octal(entry.content.utf8.count, digits: 11), at: 124)
        put(octal(7, digits: 11), at: 136)
        put("        ", at: 148)
        put(String(entry.type), at: 156)
        put(entry.target, at: 157)
        put("ustar\u{0}00", at: 257)
        put(octal(header.reduce(0) { $0 + Int($1) }, digits: 6) + "\0 ", at: 148)
        let content = Array(entry.content.utf8)
        return header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }
}
