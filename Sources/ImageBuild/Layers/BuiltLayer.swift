import Archive
package import JSON
package import OCI

/// A layer that is in the store.
package struct BuiltLayer: Sendable, Hashable {
    /// The blob.
    package let descriptor: Descriptor
    /// The digest of its tar.
    package let diffID: Digest
    /// What made it, as the image's history says.
    package let createdBy: String

    init(descriptor: Descriptor, diffID: Digest, createdBy: String) {
        self.descriptor = descriptor
        self.diffID = diffID
        self.createdBy = createdBy
    }

    /// Reads what ``json`` wrote.
    init(json: JSONValue, createdBy: String) throws(JSONError) {
        descriptor = try Descriptor(json: json)
        let text = try json.text("diff_id")
        do throws(OCIError) { diffID = try Digest(text) } catch { throw JSONError(error.description) }
        self.createdBy = createdBy
    }

    /// The descriptor with the digest of the tar.
    package var json: JSONValue {
        var json = descriptor.json
        json["diff_id"] = .string(diffID.description)
        return json
    }
}
