package import JSON
import OCI

extension ImageReport {
    /// The report as JSON.
    ///
    /// The format only ever gains members.
    package var json: JSONValue {
        [
            "name": .string(name), "digest": .string(descriptor.digest.description),
            "media_type": .string(descriptor.mediaType.description),
            "images": .array(images.map { Self.json($0.image, $0.layers) }),
        ]
    }

    private static func json(_ image: PlatformImage, _ layers: [Layer]) -> JSONValue {
        let annotations = image.manifest.annotations
        return [
            "digest": .string(image.descriptor.digest.description),
            "platform": .string(image.config.platform.description),
            "media_type": .string(image.manifest.mediaType.description),
            "created": .optional(image.config.created), "size": .integer(image.compressedSize),
            "config_digest": .string(image.manifest.config.digest.description),
            "config": image.config.json["config"] ?? [:], "history": image.config.json["history"] ?? [],
            "annotations": .object(annotations.mapValues(JSONValue.string)),
            "base": image.base.map { ["name": .string($0.name), "digest": .optional($0.digest)] } ?? .null,
            "layers": .array(
                layers.map { layer in
                    [
                        "digest": .string(layer.descriptor.digest.description),
                        "media_type": .string(layer.descriptor.mediaType.description),
                        "size": .integer(layer.descriptor.size), "diff_id": .optional(layer.diffID?.description),
                        "created_by": .optional(layer.createdBy), "present": .bool(layer.isPresent),
                        "annotations": .object(layer.descriptor.annotations.mapValues(JSONValue.string)),
                    ]
                }),
        ]
    }
}
