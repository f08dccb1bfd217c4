package import JSON
import Wording

/// A reference to content by its media type, digest and size.
///
/// Source: <https://github.com/opencontainers/image-spec/blob/main/descriptor.md>.
package struct Descriptor: Sendable, Hashable {
    /// No layer is longer, and so many of them as a manifest can name still add up to a number of 64 bits.
    private static let mostBytes = 1 << 44

    /// What kind of content it is.
    package var mediaType: MediaType
    package var digest: Digest
    /// The content's size in bytes.
    package var size: Int64
    /// The platform of the image, in an index.
    package var platform: Platform?
    package var annotations: [String: String]
    /// The type of the artifact, in a list of referrers.
    package var artifactType: String?
    /// Other URLs of the content, for layers whose licence forbids redistribution.
    package var urls: [String] = []

    package init(
        mediaType: MediaType, digest: Digest, size: Int64, platform: Platform? = nil,
        annotations: [String: String] = [:]
    ) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.platform = platform
        self.annotations = annotations
    }

    /// Decodes a descriptor; ignores unknown members, as the specification demands.
    package init(json: JSONValue) throws {
        let digest: Digest
        do { digest = try Digest(try json.text("digest")) } catch let error as Failure {
            throw JSONError(error.description)
        } catch { throw JSONError("'digest' is missing") }
        let size = try json.whole("size")
        guard (0...Self.mostBytes).contains(size) else { throw JSONError("'size' is no number of bytes") }
        self.init(
            mediaType: MediaType(try json.text("mediaType")), digest: digest, size: Int64(size),
            platform: try json["platform"].map { (value) in try Platform(json: value) },
            annotations: try json.textMap("annotations"))
        artifactType = try json.optionalText("artifactType")
        urls = try json.texts("urls")
    }

    /// The JSON that ``init(json:)`` decodes.
    package var json: JSONValue {
        var json: JSONValue = [
            "mediaType": .string(mediaType.description), "digest": .string(digest.description), "size": .integer(size),
        ]
        if let platform { json["platform"] = platform.json }
        json["artifactType"] = artifactType.map(JSONValue.string)
        if !annotations.isEmpty { json["annotations"] = .object(annotations.mapValues(JSONValue.string)) }
        if !urls.isEmpty { json["urls"] = .array(urls.map(JSONValue.string)) }
        return json
    }
}
