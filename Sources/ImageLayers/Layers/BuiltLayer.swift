import Archive
package import JSON
package import OCI

/// A layer in the store.
package struct BuiltLayer: Sendable, Hashable {
    /// The descriptor of the blob.
    package let descriptor: Descriptor
    /// The digest of the uncompressed tar.
    package let diffID: Digest
    /// The history entry that says what made the layer.
    package let createdBy: String

    package init(descriptor: Descriptor, diffID: Digest, createdBy: String) {
        self.descriptor = descriptor
        self.diffID = diffID
        self.createdBy = createdBy
    }

    /// Parses the output of ``json``.
    package init(json: JSONValue, createdBy: String) throws {
        descriptor = try Descriptor(json: json)
        let text = try json.text("diff_id")
        do { diffID = try Digest(text) } catch { throw JSONError("\(error)") }
        self.createdBy = createdBy
    }

    /// The descriptor, with the digest of the uncompressed tar.
    package var json: JSONValue {
        var json = descriptor.json
        json["diff_id"] = .string(diffID.description)
        return json
    }
}
