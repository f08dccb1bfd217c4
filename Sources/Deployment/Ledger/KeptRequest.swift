package import Definitions
import JSON
package import RunContract
import SystemPackage

/// What is needed to ask for a run once more: its manifest as it was meant, with no secret and no variable in it.
package struct KeptRequest: Sendable, Hashable {
    /// In the manifest's own keys.
    let manifest: JSONValue
    /// The digest of the image that was sent, nil where it was not known.
    package let digest: String?

    init(manifest: JSONValue, digest: String?) {
        self.manifest = manifest
        self.digest = digest
    }

    /// The manifest again, changed as `--set` says; its secrets come from the settings.
    package func manifest(
        of run: RunID, settings: Settings, overrides: [String]
    ) throws(DefinitionError) -> RunManifest {
        try RunManifest(
            kept: manifest, place: FilePath("what the ledger keeps of \(run)"), settings: settings, overrides: overrides
        )
    }

    /// The variables that anybody may see.
    var environment: [String: String] { (manifest["environment"]?.object ?? [:]).compactMapValues(\.string) }

    init(json: JSONValue) throws(JSONError) {
        self.init(manifest: try json.member("manifest"), digest: try json.optionalText("image_digest"))
    }

    var json: JSONValue { ["manifest": manifest, "image_digest": .optional(digest)] }
}
