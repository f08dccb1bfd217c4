package import Definitions
import JSON
package import RunContract
import SystemPackage

/// The request of a run as the ledger keeps it: its manifest without secrets, with all variables substituted.
package struct KeptRequest: Sendable, Hashable {
    /// The manifest as JSON, with the manifest's own keys.
    let manifest: JSONValue
    /// The digest of the requested image, nil where it was not known.
    package let digest: String?

    init(manifest: JSONValue, digest: String?) {
        self.manifest = manifest
        self.digest = digest
    }

    /// Returns the manifest with the changes of `--set`; the values of its secrets come from the settings.
    package func manifest(of run: RunID, settings: Settings, overrides: [String]) throws -> RunManifest {
        try RunManifest(
            kept: manifest, place: FilePath("what the ledger keeps of \(run)"), settings: settings, overrides: overrides
        )
    }

    /// The container's variables, none of which is secret.
    var environment: [String: String] { (manifest["environment"]?.object ?? [:]).compactMapValues(\.string) }

    init(json: JSONValue) throws {
        self.init(manifest: try json.member("manifest"), digest: try json.optionalText("image_digest"))
    }

    var json: JSONValue { ["manifest": manifest, "image_digest": .optional(digest)] }
}
