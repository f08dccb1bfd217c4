import Wording

/// One page of a listing.
package struct ListedPage: Sendable {
    /// In key order.
    package internal(set) var objects: [ListedObject] = []
    /// The common prefixes up to the next slash, each with the slash, where the listing is shallow.
    package internal(set) var folders: [String] = []
    /// The entries of a folder that are not objects; a bucket has none.
    package internal(set) var leftOut: [LeftOut] = []
}

/// A directory entry that is not an object; a caller that copies the whole folder must report it.
package struct LeftOut: Sendable, Hashable {
    /// Why the entry is not an object.
    package enum Reason: Sendable, Hashable {
        /// A symbolic link, which is never followed.
        case link
        /// A FIFO, a socket or a device.
        case special
        /// A name that is not UTF-8; keys are.
        case name
    }

    /// The path below the folder, with invalid UTF-8 replaced.
    package let path: String
    package let reason: Reason

    /// Returns the reason in words, with the name that the entry has in an opened store.
    package func text(in store: OpenStore) -> String {
        let name = QuotedName(store.name(path).utf8)
        return switch reason {
        case .link: "\(name) is a symbolic link, which is not followed"
        case .special: "\(name) is no regular file"
        case .name: "\(name) has a name that is not UTF-8, and so no key"
        }
    }
}
