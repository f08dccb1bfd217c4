package import JSON

/// A kind of YAML file, with its JSON Schema, by which editors complete keys and warn of mistakes.
///
/// A schema accepts what the decoder accepts. It refuses less: what variables hold, what regular expressions mean and
/// which names are secrets is checked by the decoder alone.
/// <https://json-schema.org/draft/2020-12>
package enum FileSchema: String, Sendable, CaseIterable {
    case image
    case program
    case manifest

    /// The files of this kind, as a title for people.
    private var title: String {
        switch self {
        case .image: "Images of caasctl: images/<image>/image.yaml"
        case .program: "Programs of caasctl: entrypoints/<program>.yaml"
        case .manifest: "Manifests of caasctl: manifests/*.yaml"
        }
    }

    private var rule: SchemaRule {
        switch self {
        case .image: ImageSchema.rule
        case .program: ProgramSchema.rule
        case .manifest: ManifestSchema.rule
        }
    }

    /// The whole schema.
    package var document: JSONValue {
        var document = rule.json
        document["$schema"] = "https://json-schema.org/draft/2020-12/schema"
        document["$id"] = .string("urn:caasctl:schema:\(rawValue)")
        document["title"] = .string(title)
        document["$defs"] = .object([SchemaRule.templateName: SchemaRule.template.json])
        return document
    }
}
