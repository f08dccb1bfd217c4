import Archive
import ImageStore
package import JSON
import OCI

extension ImageComparison {
    /// The comparison as JSON.
    ///
    /// The format only ever gains members.
    package var json: JSONValue {
        [
            "same": .bool(isSame), "files": .array(files.map(Self.json)),
            "config": .array(
                settings.map { ["name": .string($0.name), "old": $0.old ?? .null, "new": $0.new ?? .null] }),
            "layers": [
                "shared": Self.json(shared), "only_in_first": Self.json(removedLayers),
                "only_in_second": Self.json(addedLayers),
            ],
        ]
    }

    private static func json(_ difference: Difference) -> JSONValue {
        [
            "path": .string(String(decoding: (difference.new ?? difference.old)?.path ?? [], as: UTF8.self)),
            "change": .string(difference.kind.rawValue),
            "aspects": .array(difference.aspects.map { .string($0.rawValue) }),
            "old": difference.old.map(json) ?? .null, "new": difference.new.map(json) ?? .null,
        ]
    }

    private static func json(_ file: ImageFile) -> JSONValue {
        [
            "kind": .string(word(file.kind)), "mode": .string(String(file.mode, radix: 8)),
            "user": .integer(file.user), "group": .integer(file.group), "size": .integer(file.size),
            "modified": .integer(file.modified),
            "target": .optional(
                file.kind == .symbolicLink ? String(decoding: file.target, as: UTF8.self) : nil),
        ]
    }

    private static func json(_ layers: [Descriptor]) -> JSONValue {
        .array(layers.map { ["digest": .string($0.digest.description), "size": .integer($0.size)] })
    }
}
