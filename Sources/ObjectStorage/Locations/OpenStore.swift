import ByteText

/// An opened store, and a key or prefix in it.
package struct OpenStore: Sendable {
    package let store: any ObjectStore
    /// The text before each key in names, as in `s3://bucket/`.
    let base: String
    /// A key or a prefix; empty for the whole store.
    package internal(set) var key: String

    /// Returns a key's full name, in the syntax that the commands accept.
    package func name(_ key: String) -> String { base + key }

    /// The full name of the key or prefix.
    package var name: String { name(key) }

    /// The place as a folder: the key with a trailing slash, unless it is the whole store.
    package var folder: OpenStore {
        var place = self
        if !key.isEmpty, !key.hasSuffix(bytes: "/") { place.key += "/" }
        return place
    }
}
