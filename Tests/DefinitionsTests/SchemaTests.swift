import Definitions
import JSON
import POSIX
import SystemPackage
import TestSupport
import Testing

/// The schemas in docs/schemas are those that `caasctl schema` prints, and have the keys of the decoders.
///
/// `CAASCTL_RECORD=1` writes the files anew.
struct SchemaTests {
    @Test(arguments: FileSchema.allCases) func `each schema is as it was recorded`(kind: FileSchema) throws {
        let file = Checkout.root.appending("docs/schemas/\(kind.rawValue).schema.json")
        let schema = kind.document.prettyEncoded()
        if ProcessEnvironment.value("CAASCTL_RECORD") != nil {
            try FileSystem.write(schema, to: file, mode: 0o644)
        }
        let recorded = String(decoding: try FileSystem.read(file), as: UTF8.self)
        #expect(String(decoding: schema, as: UTF8.self) == recorded)
    }

    @Test(arguments: Page.all) func `each mapping of a schema has the keys of one that the decoder knows`(
        page: Page
    ) throws {
        let known = Set(try page.mappings())
        let found = Set(Self.mappings(in: page.kind.document).map { Set($0.keys) })
        for keys in known.subtracting(found) { Issue.record("no mapping of the schema has the keys \(keys.sorted())") }
        for keys in found.subtracting(known) { Issue.record("no mapping of the decoder has the keys \(keys.sorted())") }
    }

    @Test(arguments: FileSchema.allCases) func `each key of a schema says what it is for`(kind: FileSchema) {
        for keys in Self.mappings(in: kind.document) {
            for (key, rule) in keys { #expect(rule["description"]?.string != nil, "\(key)") }
        }
    }

    @Test(arguments: Page.all) func `each page says how editors find the schema`(page: Page) throws {
        let text = try Page.text(Checkout.root.appending(page.file))
        #expect(text.contains("# yaml-language-server: $schema="))
        #expect(text.contains("schemas/\(page.kind.rawValue).schema.json"))
    }

    /// Returns the keys, with their rules, of each mapping in a schema that has no others.
    private static func mappings(in schema: JSONValue) -> [[String: JSONValue]] {
        switch schema {
        case .array(let elements): return elements.flatMap(mappings)
        case .object(let members):
            var found = members.values.flatMap(mappings)
            if members["additionalProperties"] == false, let keys = members["properties"]?.object { found.append(keys) }
            return found
        default: return []
        }
    }
}
