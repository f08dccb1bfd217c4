import JSON
import OCI
import RunContract

@testable import HTTP
@testable import Registry

/// JSON, the documents of images, and what registries and token servers answer.
extension FuzzedParser {
    static let json = FuzzedParser(
        name: "json",
        seeds: {
            seeds(
                0, #"{"a": [1, "two", null, true], "b\ud83d\udd11\"\\\u0001": {"c": [{}, []]}, "n": -1.5e-7}"#,
                #"{"manifests": [\#(descriptor)], "schemaVersion": 2, "annotations": {"a": "b"}}"#,
                #"{"schemaVersion": 2, "mediaType": "a;b", "config": \#(descriptor), "layers": [\#(descriptor)]}"#,
                #"{"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": ["\#(digest)"]}, "#
                    + #""history": [{"empty_layer": true}], "config": {"Env": ["A=b", "C"]}}"#,
                #"{"token": "t", "access_token": "u", "expires_in": 300}"#,
                #"{"errors": [{"code": "DENIED", "message": "m", "detail": {"reason": "r"}}]}"#,
                "{\n\t\"auths\": {\n\t\t\"ghcr.io\": {\"auth\": \"YTpi\"}\n\t}\n}")
        },
        words: [
            "\"schemaVersion\":2", "\"mediaType\"", "\"digest\"", "\"size\":", "\"platform\":{", "\"variant\":\"v8.1\"",
            "\"os\"", "\"architecture\":\"arm64\"", "\"annotations\":{", "\"layers\":[", "\"config\":",
            "\"manifests\":[",
            "\"rootfs\"", "\"diff_ids\":[", "\"history\":[", "\"errors\":[", "\"code\"", "\"message\"", "\"detail\"",
            digest, "\\ud83d\\udd11", "\\u0000", "9223372036854775807", "1e400", "null", "true", "-0",
        ]
    ) { bytes in
        let bytes = Array(bytes.dropFirst())
        // Whatever it is, somebody words it.
        _ = HTTPResponse(status: 400, headers: [:], body: bytes, url: place).words
        guard let json = try? JSONValue(parsing: bytes) else { return }
        expect((try? JSONValue(parsing: json.encoded())) == json, "JSON is another one after it was written")
        expect((try? JSONValue(parsing: json.prettyEncoded())) == json, "JSON is another one for people")
        if let members = try? JSONMembers(parsing: bytes) {
            expect((try? JSONValue(parsing: members.encoded())) == json, "members are others after they were written")
        }
        readImage(json)
        _ = try? RegistryToken(content: bytes)
        _ = ServerAnswer(HTTPResponse(status: 403, headers: [:], body: bytes, url: place)).description
        if let program = try? Program(json: json) {
            expect((try? Program(json: program.json)) == program, "a program is another one after it was written")
        }
    }

    private static let place = HTTPURL(scheme: "https", host: "localhost", port: 443, target: "/")
    private static let digest = "sha256:\(String(repeating: "0123456789abcdef", count: 4))"
    private static let descriptor =
        #"{"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "\#(digest)", "size": 7, "#
        + #""platform": {"os": "linux", "architecture": "arm64", "variant": "v8"}, "annotations": {"a": "b"}}"#

    private static func readImage(_ json: JSONValue) {
        if let manifest = try? ImageManifest(json: json) {
            expect((try? ImageManifest(json: manifest.json)) == manifest, "a manifest is another one when written")
        }
        if let index = try? ImageIndex(json: json) {
            expect((try? ImageIndex(json: index.json)) == index, "an index is another one when written")
            for machine in ["linux/amd64", "linux/amd64/v3", "linux/arm64", "linux/arm64/v9.2", "linux/arm/v7"] {
                guard let platform = try? Platform(machine) else { continue }
                _ = index.manifest(for: platform)
            }
        }
        if var config = try? ImageConfig(json: json) {
            let layers = config.diffIDs.count
            config.append(layer: Digest(of: []), createdBy: "a", created: "b")
            config.setEnvironment("A", "c")
            config.removeEnvironment("C")
            expect(config.diffIDs.count == layers + 1, "a layer was added, and there are not more")
            expect((try? ImageConfig(json: config.json)) == config, "a config is another one after it was changed")
        }
    }
}
