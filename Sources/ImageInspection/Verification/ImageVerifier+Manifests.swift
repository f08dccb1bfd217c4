import ByteText
import ImageStore
import JSON
import OCI
import POSIX
import Timestamps
import Wording

/// Verification of manifests and configs.
extension ImageVerifier {
    private static let emptyType = MediaType("application/vnd.oci.empty.v1+json")

    mutating func verifyManifest(_ json: JSONValue, _ descriptor: Descriptor, _ thing: String) {
        let manifest: ImageManifest
        do { manifest = try ImageManifest(json: json) } catch {
            return findings.problem(thing, Failure.reason(of: error))
        }
        verifyTypes(manifest, descriptor, json, thing)
        guard [.imageConfig, .dockerConfig].contains(manifest.config.mediaType) else {
            // Not a runnable image: the artifact's own type defines the meaning of its blobs.
            for blob in [manifest.config] + manifest.layers { verifyBlob(blob, "blob \(blob.digest)") }
            return
        }
        if manifest.layers.isEmpty { findings.warning(thing, "it has no layer") }
        let diffIDs = verifyConfig(manifest, platform: descriptor.platform)
        verifyLayers(manifest, diffIDs)
    }

    private mutating func verifyTypes(
        _ manifest: ImageManifest, _ descriptor: Descriptor, _ json: JSONValue, _ thing: String
    ) {
        let isDocker = (json["mediaType"]?.string).map { MediaType($0) } ?? descriptor.mediaType == .dockerManifest
        for blob in [manifest.config] + manifest.layers {
            let isOCI = blob.mediaType.description.hasPrefix("application/vnd.oci.")
            if isDocker && isOCI {
                findings.problem(thing, "it is Docker's, and \(blob.digest) in it is OCI's '\(blob.mediaType)'")
            }
        }
        if manifest.config.mediaType == Self.emptyType, json["artifactType"]?.string == nil {
            findings.problem(thing, "its config is empty, and it has no 'artifactType'")
        }
    }

    private mutating func verifyBlob(_ blob: Descriptor, _ thing: String) {
        guard let path = image.path(of: blob.digest), let file = try? File(path, .read) else {
            return findings.problem(thing, "it is missing")
        }
        guard let (size, digest) = try? BlobHash.read(file) else { return findings.problem(thing, "it cannot be read") }
        bytes += size
        _ = check(blob, size: size, digest: digest, thing)
    }

    /// Verifies the config, and returns the layers' diff IDs; nil if their number is not that of the layers.
    private mutating func verifyConfig(_ manifest: ImageManifest, platform: Platform?) -> [Digest]? {
        let thing = "config \(manifest.config.digest)"
        guard let content = content(of: manifest.config, thing), let json = parse(content, thing) else { return nil }
        let config: ImageConfig
        do { config = try ImageConfig(json: json) } catch {
            findings.problem(thing, Failure.reason(of: error))
            return nil
        }
        if json["rootfs"]?["type"]?.string != "layers" { findings.problem(thing, "'rootfs.type' is not \"layers\"") }
        let layers = manifest.layers.count
        if config.diffIDs.count != layers {
            findings.problem(thing, "it has \(config.diffIDs.count) diff_ids, and the manifest \(layers) layers")
        }
        if let history = json["history"]?.array {
            let described = history.filter { $0["empty_layer"]?.bool != true }.count
            if described != layers {
                findings.problem(thing, "its history tells of \(described) layers, and the manifest has \(layers)")
            }
        }
        if let platform, !config.platform.matches(platform) {
            findings.problem(thing, "it is for \(config.platform), and its descriptor says \(platform)")
        }
        verifyTimes(json, thing)
        for entry in json["config"]?["Env"]?.array ?? [] where entry.string?.contains(byte: "=") != true {
            findings.problem(thing, "Env has \(entry.text), which is not NAME=value")
        }
        return config.diffIDs.count == layers ? config.diffIDs : nil
    }

    private mutating func verifyTimes(_ json: JSONValue, _ thing: String) {
        let history = (json["history"]?.array ?? []).map { ("a 'created' of its history", $0["created"]) }
        for (name, value) in [("'created'", json["created"])] + history {
            guard let value, !value.isNull else { continue }
            if value.string.flatMap({ Timestamp(rfc3339: $0) }) == nil {
                findings.problem(thing, "\(name) is \(value.text), which is no RFC 3339 time")
            }
        }
    }
}
